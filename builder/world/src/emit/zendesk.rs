//! Zendesk: users with their identities, and tickets, as elements of incremental pages.
//!
//! A user's row in the spool is the user, a line break, and the user's identities with commas between them; the page
//! writer puts the two apart.

use kenal_types::Timestamp;

use crate::consent::{Form, Holder};
use crate::dice::{Dice, For, mix};
use crate::json;
use crate::rates::{self, Defect};
use crate::records::ZendeskRecord;
use crate::tickets::{TICKETS_MAX, Ticket};

use super::{Emitter, Subject, stream, time_key};

const BROKEN_USER: [(&str, &str); 2] = [("\"id\":", "\"user\":"), ("\"updated_at\":\"", "\"updated_at\":\"about ")];
const BROKEN_TICKET: [(&str, &str); 2] =
    [("\"requester_id\":", "\"requester\":"), ("\"created_at\":\"", "\"created_at\":\"about ")];

impl Emitter<'_> {
    pub(super) fn zendesk(&mut self, subject: &Subject<'_>, dice: &mut Dice) {
        let Some(user) = &subject.records.zendesk else { return };
        self.user(subject, user, dice);
        for ticket in subject.tickets {
            self.ticket(subject, user, ticket, dice);
        }
    }

    fn user(&mut self, subject: &Subject<'_>, user: &ZendeskRecord, dice: &mut Dice) {
        let record = &user.record;
        self.count_slips(record);
        if record.email.is_none() {
            self.counts.add(Defect::ZendeskNoEmail);
        }
        if user.phone_shared {
            self.counts.add(Defect::SharedPhoneMarked);
        }
        let field = subject.consents.last(Holder::Zendesk, |f| f == Form::Field);
        let tag = subject.consents.last(Holder::Zendesk, |f| f == Form::Tag);
        let told = [field, tag].into_iter().flatten().map(|a| a.at).max();
        let updated = record.updated_at.max(told.unwrap_or(record.updated_at));
        let created = subject.tickets.first().map_or(record.created_at, |t| t.at).min(updated);
        let name = match (user.caller, &record.phone) {
            (true, Some(phone)) => format!("Caller: {phone}"),
            _ => record.name.full.clone(),
        };
        let id = user.number;
        json::object(&mut self.row, |o| {
            o.bare("id", id).quoted("url", format_args!("https://kedai.example/api/v2/users/{id}.json"));
            o.text("name", &name).maybe("email", record.email.as_deref()).maybe("phone", record.phone.as_deref());
            match record.phone {
                Some(_) => o.bare("shared_phone_number", user.phone_shared),
                None => o.null("shared_phone_number"),
            };
            o.text("role", "end-user").bare("verified", record.email.is_some());
            o.maybe_quoted("external_id", user.external).text("locale", subject.identity.language);
            o.quoted("created_at", created).quoted("updated_at", updated);
            o.texts("tags", if tag.is_some() { &["do_not_contact"] } else { &[] });
            o.object("user_fields", |o| {
                let value = field.map(|a| if a.yes == 0 { "opt_out" } else { "opt_in" });
                o.maybe("personalisation_consent", value);
            });
            o.bare("active", true).bare("suspended", false).bare("permanently_deleted", false);
        });
        self.row.push(b'\n');
        self.identities(subject, user, created);
        let key = time_key(updated);
        if dice.chance(rates::REPEATED_ON_PAGE) {
            self.counts.add(Defect::RepeatedOnPage);
            self.out.push(stream::USERS, key + 3_600_000_000, &self.row);
        }
        self.send_breakable(stream::USERS, key, BROKEN_USER, false, dice);
    }

    fn identities(&mut self, subject: &Subject<'_>, user: &ZendeskRecord, created: Timestamp) {
        let record = &user.record;
        let mut list: Vec<(&str, &str, bool)> = Vec::new();
        list.extend(record.email.as_deref().map(|e| ("email", e, false)));
        if user.two_identities {
            // The second is the number, or for who changed address the former one.
            match (&record.phone, subject.identity.emails.get(1)) {
                (_, Some(former)) if Some(former.as_str()) != record.email.as_deref() => {
                    list.push(("email", former, false));
                }
                (Some(phone), _) => list.push(("phone_number", phone, user.phone_shared)),
                (None, _) => {}
            }
        } else if let (None, Some(phone)) = (&record.email, &record.phone) {
            list.push(("phone_number", phone, user.phone_shared));
        }
        if list.len() > 1 {
            self.counts.add(Defect::TwoIdentities);
        }
        for (at, (kind, value, shared)) in list.into_iter().enumerate() {
            if at > 0 {
                self.row.push(b',');
            }
            json::object(&mut self.row, |o| {
                o.bare("id", user.number * 4 + at as u64).bare("user_id", user.number);
                o.text("type", kind).text("value", value).bare("verified", at == 0).bare("primary", at == 0);
                o.text("ownership", if shared { "shared" } else { "owned" });
                o.quoted("created_at", created).quoted("updated_at", created);
            });
        }
    }

    fn ticket(&mut self, subject: &Subject<'_>, user: &ZendeskRecord, ticket: &Ticket, dice: &mut Dice) {
        let i = subject.identity.index;
        let number = 1_000_000 + self.setup.ids.ticket(i * TICKETS_MAX + ticket.slot);
        let now = self.setup.clock.now;
        let deleted = dice.chance(rates::TICKET_DELETED);
        if deleted {
            self.counts.add(Defect::TicketDeleted);
        }
        let recent = now.days_since(ticket.solved_at) < 4.0;
        let status = match (deleted, recent) {
            (true, _) => "deleted",
            (false, true) => *dice.pick(&["open", "pending", "solved"]),
            (false, false) => "closed",
        };
        self.write_ticket(subject, user, ticket, number, status, ticket.solved_at);
        self.send_breakable(stream::TICKETS, time_key(ticket.solved_at), BROKEN_TICKET, false, dice);
        if dice.chance(rates::TOUCH_ONLY) {
            // The same version, touched by the system: generated_timestamp moves, updated_at does not.
            self.counts.add(Defect::TouchOnly);
            let later = Timestamp(ticket.solved_at.0 + dice.between(3_600, 9 * 86_400) * Timestamp::US_PER_S).min(now);
            self.write_ticket(subject, user, ticket, number, status, later);
            self.send(stream::TICKETS, time_key(later));
        }
    }

    fn write_ticket(
        &mut self,
        subject: &Subject<'_>,
        user: &ZendeskRecord,
        ticket: &Ticket,
        number: u64,
        status: &str,
        generated: Timestamp,
    ) {
        let order = ticket.order.map(|at| self.setup.ids.order_number(&subject.history.orders[at]));
        let record = &user.record;
        let by_phone = record.email.is_none();
        let agent = 900 + mix(self.setup.people.seed, For::Tickets, number) % 20;
        json::object(&mut self.row, |o| {
            o.bare("id", number).quoted("url", format_args!("https://kedai.example/api/v2/tickets/{number}.json"));
            o.null("external_id").object("via", |o| {
                let channel = if by_phone { "voice" } else { ["email", "web", "chat"][(number % 3) as usize] };
                o.text("channel", channel).object("source", |o| {
                    o.object("from", |o| match &record.phone {
                        Some(phone) if by_phone => {
                            o.text("phone", phone);
                        }
                        _ => {}
                    });
                    o.maybe("rel", by_phone.then_some("inbound"));
                });
            });
            o.quoted("created_at", ticket.at).quoted("updated_at", ticket.solved_at);
            o.bare("generated_timestamp", generated.seconds()).text("type", "problem");
            o.text("subject", ticket.subject).text("raw_subject", ticket.subject);
            let words = order.map_or_else(|| ticket.subject.to_owned(), |n| format!("{} Order #{n}", ticket.subject));
            o.text("description", &words).maybe("priority", ticket.priority).text("status", status);
            o.bare("requester_id", user.number).bare("submitter_id", user.number).bare("assignee_id", agent);
            o.texts("tags", &[ticket.tag]);
            o.list("custom_fields", order, |o, n| {
                o.bare("id", 42).quoted("value", n);
            });
            o.object("satisfaction_rating", |o| {
                o.text("score", ticket.score);
            })
            .bare("is_public", true);
        });
    }
}
