//! Ticket: who asked, how, and how it ended. The words of a ticket are not read.

use kenal_types::{
    Entity, RecordKey, Satisfaction, System, Ticket, TicketChannel, TicketPriority, TicketStatus, Timestamp,
};

use crate::json::{Fault, Scalar, Text, decode, filled, tags, time_required};

#[derive(serde::Deserialize)]
struct TicketNode<'a> {
    #[serde(borrow)]
    id: Option<Scalar<'a>>,
    #[serde(borrow)]
    requester_id: Option<Scalar<'a>>,
    #[serde(borrow)]
    via: Option<Via<'a>>,
    #[serde(borrow)]
    priority: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    satisfaction_rating: Option<Rating<'a>>,
    #[serde(default, deserialize_with = "tags")]
    tags: Vec<String>,
    #[serde(borrow)]
    created_at: Option<Text<'a>>,
    #[serde(borrow)]
    updated_at: Option<Text<'a>>,
    generated_timestamp: Option<i64>,
}

#[derive(serde::Deserialize)]
struct Via<'a> {
    #[serde(borrow)]
    channel: Option<Scalar<'a>>,
}

/// An object with a score, or the score alone.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Rating<'a> {
    Object {
        #[serde(borrow)]
        score: Option<Text<'a>>,
    },
    Score(#[serde(borrow)] Text<'a>),
}

fn id(field: &'static str, value: &Option<Scalar<'_>>) -> Result<String, Fault> {
    value.as_ref().and_then(Scalar::id).ok_or_else(|| Fault::missing(field))
}

/// One version of a ticket, and the time by which it is ordered.
pub(super) fn parse(raw: &[u8]) -> Result<(Timestamp, Vec<Entity>), Fault> {
    let node: TicketNode<'_> = decode(raw)?;
    let updated_at = time_required("updated_at", &node.updated_at)?;
    let generated_at = node.generated_timestamp.map_or(updated_at, Timestamp::from_seconds);
    let channel = match node.via.as_ref().and_then(|v| v.channel.as_ref()) {
        Some(Scalar::Text(channel)) => match channel.trim() {
            "email" => TicketChannel::Email,
            "voice" | "phone" => TicketChannel::Phone,
            "web" | "web_form" | "help_center" | "web_widget" => TicketChannel::Web,
            "chat" | "native_messaging" | "messaging" | "whatsapp" | "line" | "sms" => TicketChannel::Chat,
            _ => TicketChannel::Other,
        },
        // A number is the id of an app's own channel.
        _ => TicketChannel::Other,
    };
    let priority = match filled(&node.priority) {
        None => TicketPriority::Unset,
        Some("low") => TicketPriority::Low,
        Some("normal") => TicketPriority::Normal,
        Some("high") => TicketPriority::High,
        Some("urgent") => TicketPriority::Urgent,
        Some(_) => return Err(Fault::bad("priority", "expected low, normal, high, urgent or null")),
    };
    let status = match filled(&node.status).ok_or_else(|| Fault::missing("status"))? {
        "new" => TicketStatus::New,
        "open" => TicketStatus::Open,
        "pending" => TicketStatus::Pending,
        "hold" => TicketStatus::Hold,
        "solved" => TicketStatus::Solved,
        "closed" => TicketStatus::Closed,
        "deleted" => TicketStatus::Deleted,
        _ => return Err(Fault::bad("status", "expected new, open, pending, hold, solved, closed or deleted")),
    };
    let score = node.satisfaction_rating.as_ref().and_then(|rating| match rating {
        Rating::Object { score } => filled(score),
        Rating::Score(score) => Some(score.trimmed()),
    });
    let satisfaction = match score {
        Some("offered") => Satisfaction::Offered,
        // Also good_with_comment and bad_with_comment.
        Some(score) if score.starts_with("good") => Satisfaction::Good,
        Some(score) if score.starts_with("bad") => Satisfaction::Bad,
        _ => Satisfaction::None,
    };
    let ticket = Ticket {
        ticket_id: id("id", &node.id)?,
        requester: RecordKey::new(System::Zendesk, id("requester_id", &node.requester_id)?),
        channel,
        priority,
        status,
        satisfaction,
        tags: node.tags,
        created_at: time_required("created_at", &node.created_at)?,
        updated_at,
        sequence: generated_at.0,
    };
    Ok((generated_at, vec![Entity::Ticket(Box::new(ticket))]))
}
