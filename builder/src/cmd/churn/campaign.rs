//! `kenal churn campaign`: the week's list for the CRM, and the people held out to measure it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use kenal_churn::campaign::{Campaign, Candidate, JOB_BYTES_MAX, Job, Outcome, Settings, choose, files};
use kenal_types::{Channel, Timestamp};
use serde_json::{Value, json};

use crate::cmd::build::CommonArgs;
use crate::stage::Company;
use crate::stage::campaign::{DoNotContact, candidates, scored_at};
use crate::ui::{Align, Table, count, percent};

/// Scores older than this are no weekly scores.
const OLD_DAYS: f64 = 8.0;

#[derive(Clone, Copy, clap::ValueEnum)]
enum ChannelArg {
    Email,
    Sms,
    Voice,
    Push,
    Whatsapp,
    Post,
}

#[derive(clap::Args)]
pub struct CampaignArgs {
    /// Folder of the lake: scores, consent ledger, CRM records.
    #[arg(long, value_name = "DIR")]
    lake: PathBuf,
    /// How people are to be contacted; only who agrees to advertising on it is exported.
    #[arg(long, value_enum)]
    channel: ChannelArg,
    /// People to contact, at most: it sets the threshold.
    #[arg(long, value_name = "N")]
    budget: usize,
    /// Share of people above the threshold who are not contacted, so that the effect can be measured.
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    holdout: f64,
    /// Draws who is held out; the same every week, or nobody stays held out.
    #[arg(long, value_name = "TEXT", default_value = "retention")]
    salt: String,
    /// Id of the campaign in Salesforce, `701…`.
    #[arg(long, value_name = "ID")]
    campaign_id: String,
    /// Status of the members; the campaign must have it.
    #[arg(long, value_name = "STATUS", default_value = "Sent")]
    status: String,
    /// A list of people not to contact, fresh from a register or a colleague: columns person, id, ContactId, LeadId, email
    /// or phone; CSV or Parquet. It adds to what the ledger refuses.
    #[arg(long, value_name = "FILE")]
    do_not_contact: Option<PathBuf>,
    /// A new folder for this week's files.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    common: CommonArgs,
}

impl CampaignArgs {
    pub fn run(&self) -> Result<()> {
        if !(0.0..=0.9).contains(&self.holdout) {
            bail!("--holdout {} is not from 0 to 0.9", self.holdout);
        }
        let id = self.campaign_id.as_str();
        if !id.starts_with("701") || ![15, 18].contains(&id.len()) || !id.chars().all(|c| c.is_ascii_alphanumeric()) {
            bail!("--campaign-id {id} is no id of a campaign: 701 and 12 or 15 more letters and digits");
        }
        if self.out.join("summary.json").exists() {
            bail!("{} holds a campaign already; each week has a folder of its own", self.out.display());
        }
        let company = self.common.open(&self.lake)?;
        let list = self.do_not_contact.as_deref().map(DoNotContact::read).transpose()?.unwrap_or_default();
        let people = candidates(&company, self.channel(), &list)?;
        let settings = Settings { budget: self.budget, holdout: self.holdout, salt: self.salt.clone() };
        let campaign = choose(&people, &settings);
        let scored_at = scored_at(&company)?;
        let written = self.write(&company, &people, &campaign, scored_at)?;
        self.tell(&people, &campaign, &written, company.now.days_since(scored_at), list.len());
        Ok(())
    }

    const fn channel(&self) -> Channel {
        match self.channel {
            ChannelArg::Email => Channel::Email,
            ChannelArg::Sms => Channel::Sms,
            ChannelArg::Voice => Channel::Voice,
            ChannelArg::Push => Channel::Push,
            ChannelArg::Whatsapp => Channel::Whatsapp,
            ChannelArg::Post => Channel::Post,
        }
    }

    /// Who is held out and how the arms are told apart comes first, so that no list can be sent that cannot be measured.
    fn write(
        &self,
        company: &Company,
        people: &[Candidate],
        campaign: &Campaign,
        scored_at: Timestamp,
    ) -> Result<Vec<(String, usize)>> {
        fs::create_dir_all(&self.out).with_context(|| format!("making {}", self.out.display()))?;
        let at = company.now.to_string();
        let mut table = csv::Writer::from_writer(Vec::new());
        table.write_record(["person", "contact_id", "market", "probability", "decile"])?;
        for p in campaign.held_out.iter().map(|&p| &people[p]) {
            let (crm, market) = (p.crm_id.as_deref().unwrap_or(""), p.market.as_deref().unwrap_or(""));
            let (probability, decile) = (format!("{:.4}", p.probability), p.decile.to_string());
            table.write_record([&p.person, crm, market, &probability, &decile])?;
        }
        let mut written = vec![self.put("holdout.csv", &table.into_inner()?)?];
        let mut table = csv::Writer::from_writer(Vec::new());
        table.write_record(["person", "arm", "time", "experiment", "market"])?;
        let arms = [("contacted", &campaign.exported), ("holdout", &campaign.held_out)];
        for (arm, position) in arms.into_iter().flat_map(|(arm, all)| all.iter().map(move |&p| (arm, p))) {
            let p = &people[position];
            // Who does not agree to be measured is on no arm.
            let arm = if p.measured { arm } else { "" };
            table.write_record([&p.person, arm, &at, &self.campaign_id, p.market.as_deref().unwrap_or("")])?;
        }
        written.push(self.put("exposures.csv", &table.into_inner()?)?);
        let scored_at = salesforce_time(scored_at);
        let job = Job {
            campaign_id: &self.campaign_id,
            status: &self.status,
            scored_at: &scored_at,
            bytes_max: JOB_BYTES_MAX,
        };
        for (kind, parts) in files(campaign.exported.iter().map(|&p| &people[p]), &job) {
            for (number, part) in parts.iter().enumerate() {
                written.push(self.put(&format!("{kind}-{:04}.csv", number + 1), part)?);
            }
        }
        let job = json!({
            "object": "CampaignMember", "operation": "insert", "contentType": "CSV",
            "lineEnding": "LF", "columnDelimiter": "COMMA",
        });
        written.push(self.put("job.json", format!("{job:#}\n").as_bytes())?);
        written.push(self.put("summary.json", format!("{:#}\n", self.summary(people, campaign, &at)).as_bytes())?);
        Ok(written)
    }

    fn summary(&self, people: &[Candidate], campaign: &Campaign, at: &str) -> Value {
        let counts: serde_json::Map<String, Value> = Outcome::ALL
            .into_iter()
            .map(|o| (o.name().replace(' ', "_"), json!(campaign.count(o))))
            .chain([("scored".to_owned(), json!(people.len()))])
            .collect();
        json!({
            "campaign_id": self.campaign_id, "sent_at": at, "channel": self.channel().name(), "budget": self.budget,
            "holdout": self.holdout, "salt": self.salt, "threshold": campaign.threshold, "counts": counts,
        })
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(String, usize)> {
        let path = self.out.join(name);
        fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
        Ok((name.to_owned(), bytes.len()))
    }

    fn tell(
        &self,
        people: &[Candidate],
        campaign: &Campaign,
        written: &[(String, usize)],
        age_days: f64,
        listed: usize,
    ) {
        let mut table = Table::new(&[
            ("people scored", Align::Left),
            (&count(people.len() as u64), Align::Right),
            ("100.0 %", Align::Right),
        ]);
        for outcome in Outcome::ALL {
            let n = campaign.count(outcome) as u64;
            table.row([outcome.name().to_owned(), count(n), percent(n, people.len() as u64)]);
        }
        println!("{table}");
        match campaign.threshold {
            Some(threshold) => println!(
                "a budget of {} {} contacts reaches down to a probability of leaving of {threshold:.3}",
                count(self.budget as u64),
                self.channel().name()
            ),
            None => println!("nobody may be contacted: nothing is exported"),
        }
        if listed > 0 {
            println!("the do-not-contact list has {} entries", count(listed as u64));
        }
        for (name, bytes) in written {
            println!("  {:<20} {:>12} bytes", name, count(*bytes as u64));
        }
        let measured = |at: &[usize]| at.iter().filter(|&&p| people[p].measured).count();
        let (sent, held) = (measured(&campaign.exported), measured(&campaign.held_out));
        println!("measure it, when the orders are in, with");
        println!(
            "  kenal experiment analyse --exposures {} --lake {} --control holdout --shares contacted={} holdout={}",
            shown(&self.out.join("exposures.csv")),
            shown(&self.lake),
            1.0 - self.holdout,
            self.holdout
        );
        println!("  {} contacted and {} held out agree to be measured", count(sent as u64), count(held as u64));
        if age_days > OLD_DAYS {
            eprintln!("the scores are {age_days:.0} days old; `kenal build` makes new ones");
        }
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// `2026-11-26T04:00:00.000Z`.
fn salesforce_time(at: Timestamp) -> String {
    let Ok(t) = jiff::Timestamp::from_microsecond(at.0) else { return String::new() };
    t.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_salesforce_takes_them() {
        assert_eq!(salesforce_time(Timestamp(1_794_974_400_123_456)), "2026-11-18T04:00:00.123Z");
    }
}
