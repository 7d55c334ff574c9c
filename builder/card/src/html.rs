//! The card as a page: no script, no font, no picture from elsewhere.

use std::fmt::Write as _;

use crate::card::{Card, Churn, Figure, Judged, Ranking, Role};
use crate::plot::{Dot, bars, calibration, dots, escaped};

const STYLE: &str = "\
:root{--ink:#1c2430;--soft:#5b6675;--line:#e3e7ed;--page:#fbfcfd;--box:#fff;--model:#2456c5;--part:#2e8b7a;--base:#9aa4b2;\
--good:#1a7f4b;--bad:#b3372f}\
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa6b5;--line:#2b3441;--page:#12161c;--box:#1a2029;\
--model:#7aa2ff;--part:#5cc4af;--base:#6b7686;--good:#5fd394;--bad:#ff8f86}}\
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\
main{max-width:960px;margin:0 auto;padding:32px 20px 64px}h1{font-size:26px;margin:0 0 4px}\
h2{font-size:19px;margin:36px 0 4px}p{margin:4px 0 12px;color:var(--soft);max-width:70ch}\
.verdict{display:inline-block;margin:10px 0 0;padding:6px 14px;border-radius:999px;font-weight:600;color:var(--box);\
background:var(--bad)}.verdict.good{background:var(--good)}\
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(160px,1fr));gap:12px;margin:20px 0}\
.tile{background:var(--box);border:1px solid var(--line);border-radius:12px;padding:14px 16px}\
.tile b{display:block;font-size:25px;font-variant-numeric:tabular-nums}.tile span{color:var(--soft);font-size:13px}\
figure{margin:12px 0 24px;padding:16px;background:var(--box);border:1px solid var(--line);border-radius:12px}\
figcaption{font-weight:600;margin:0 0 8px}svg{width:100%;height:auto;display:block}svg.square{max-width:420px}\
svg text{font:13px system-ui,sans-serif;fill:var(--ink)}svg .tick{font-size:11px;fill:var(--soft)}\
svg .number{font-variant-numeric:tabular-nums}svg .grid{stroke:var(--line)}\
svg .diagonal{stroke:var(--base);stroke-dasharray:5 4}svg .whisker{stroke-width:3;stroke-linecap:round;opacity:.55}\
svg .track{fill:var(--line)}.model{fill:var(--model);stroke:var(--model)}.part{fill:var(--part);stroke:var(--part)}\
.baseline{fill:var(--base);stroke:var(--base)}svg rect{stroke:none!important}svg circle{stroke:none}\
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}\
th,td{padding:6px 10px;border-bottom:1px solid var(--line);text-align:right}th{color:var(--soft);font-weight:500}\
th:first-child,td:first-child{text-align:left}small{color:var(--soft)}td.word{text-align:left;overflow-wrap:anywhere}\
.wide{overflow-x:auto}@media print{body{background:#fff}figure,.tile{break-inside:avoid}}";

/// The page.
pub fn html(card: &Card) -> String {
    let mut page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width,\
         initial-scale=1\"><title>{0}</title><style>{STYLE}</style><main><h1>{0}</h1><div class=\"verdict{1}\">{2}</div>",
        escaped(&card.title),
        if card.published { " good" } else { "" },
        escaped(&card.verdict)
    );
    page.push_str(&tiles(card));
    if let Some(ranking) = &card.recommender {
        page.push_str(&recommender(ranking));
    }
    if let Some(churn) = &card.churn {
        page.push_str(&leaving(churn));
    }
    page.push_str("<h2>What it rests on</h2><div class=wide><table>");
    for (name, value) in &card.about {
        let _ = write!(page, "<tr><td>{}<td class=word>{}", escaped(name), escaped(value));
    }
    page.push_str("</table></div></main></html>\n");
    page
}

fn tiles(card: &Card) -> String {
    let mut tiles: Vec<(String, String)> = Vec::new();
    if let Some(r) = &card.recommender {
        if let Some(f) = r.model().and_then(|m| m.mean("recall@20")) {
            tiles.push((format!("{:.3}", f.mean), format!("recall@20, 95 % {:.3} to {:.3}", f.low, f.high)));
        }
        if let Some((ours, theirs)) = both(r, "recall@20").filter(|(_, t)| t.mean > 0.0) {
            tiles.push((
                format!("{:+.0} %", 100.0 * (ours.mean / theirs.mean - 1.0)),
                "over what is trending".to_owned(),
            ));
        }
        if let Some(m) = r.model() {
            tiles.push((format!("{:.0} %", 100.0 * m.coverage_20), "of all items shown to somebody".to_owned()));
        }
    }
    if let Some(c) = &card.churn {
        let auc = c.auc.map_or("–".to_owned(), |a| format!("{a:.3}"));
        tiles.push((auc, "AUC of churn".to_owned()));
        tiles.push((format!("{:.3}", c.ece), "calibration error of churn".to_owned()));
    }
    let tile = |(value, what): &(String, String)| format!("<div class=tile><b>{value}</b><span>{what}</span></div>");
    format!("<div class=tiles>{}</div>", tiles.iter().map(tile).collect::<String>())
}

/// `12,345`.
fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn both(r: &Ranking, metric: &str) -> Option<(Figure, Figure)> {
    Some((r.model()?.mean(metric)?, r.baseline()?.mean(metric)?))
}

const fn class(role: Role) -> &'static str {
    match role {
        Role::Model => "model",
        Role::Part => "part",
        Role::Baseline => "baseline",
    }
}

fn figure(caption: &str, svg: &str) -> String {
    format!("<figure><figcaption>{}</figcaption>{svg}</figure>", escaped(caption))
}

fn recommender(r: &Ranking) -> String {
    let mut out = format!(
        "<h2>Recommender</h2><p>{} people were kept from the model; of each a part of the purchases was hidden. Lines are \
         95 % intervals over people.</p>",
        grouped(r.cases)
    );
    for (metric, caption) in [
        ("recall@20", "Recall@20: of the hidden purchases, the share among the first twenty"),
        ("ndcg@20", "NDCG@20: the same, worth more further up"),
    ] {
        let dot = |m: &Judged| {
            let figure = m.mean(metric)?;
            Some(Dot { name: m.name.clone(), note: String::new(), figure, class: class(m.role) })
        };
        let found: Vec<Dot> = r.models.iter().filter_map(dot).collect();
        out.push_str(&figure(caption, &dots(caption, &found)));
    }
    let parts = r.models.iter().filter(|m| m.role == Role::Part).count();
    if parts > 0 {
        out.push_str(&ablation(r));
    }
    let coverage: Vec<_> = r.models.iter().map(|m| (m.name.clone(), m.coverage_20, class(m.role))).collect();
    out.push_str(&figure("Coverage: of all items, the share in somebody's first twenty", &bars("coverage", &coverage)));
    out.push_str(&segments(r));
    out.push_str(&table(r));
    out
}

/// What the model is worth beside each of its parts.
fn ablation(r: &Ranking) -> String {
    let Some(whole) = r.model().and_then(|m| m.mean("recall@20")) else { return String::new() };
    let mut rows = String::new();
    for m in r.models.iter().filter(|m| m.role == Role::Part) {
        let Some(f) = m.mean("recall@20") else { continue };
        let change = if whole.mean > 0.0 { 100.0 * (f.mean / whole.mean - 1.0) } else { 0.0 };
        let _ = write!(rows, "<tr><td>{}<td>{:.4}<td>{change:+.1} %", escaped(&m.name), f.mean);
    }
    format!(
        "<figure><figcaption>Ablation: recall@20 of a part alone, or of the whole without it</figcaption><div class=wide>\
         <table><tr><th>what<th>recall@20<th>against the whole{rows}</table></div></figure>"
    )
}

fn segments(r: &Ranking) -> String {
    let mut found = Vec::new();
    for (market, name, n) in r.segments() {
        for m in r.models.iter().filter(|m| m.role != Role::Part) {
            let (_, figure) = m.part("recall@20", &|case| r.market_of[case] == market);
            let note = if m.role == Role::Model { format!("· {} people", grouped(n)) } else { String::new() };
            found.push(Dot { name: format!("{name}, {}", m.name), note, figure, class: class(m.role) });
        }
    }
    figure("Recall@20 by market", &dots("recall@20 by market", &found))
}

fn table(r: &Ranking) -> String {
    let mut out = "<div class=wide><table><tr><th>".to_owned();
    let metrics: Vec<&String> = r.models.first().map(|m| m.figures.keys().collect()).unwrap_or_default();
    for metric in &metrics {
        let _ = write!(out, "<th>{}", escaped(metric));
    }
    for m in &r.models {
        let _ = write!(out, "<tr><td>{}", escaped(&m.name));
        for metric in &metrics {
            let _ = match m.mean(metric) {
                Some(f) => write!(out, "<td>{:.4}<br><small>{:.4} to {:.4}</small>", f.mean, f.low, f.high),
                None => write!(out, "<td>"),
            };
        }
    }
    out.push_str("</table></div>");
    out
}

fn leaving(c: &Churn) -> String {
    let mut out = format!(
        "<h2>Churn</h2><p>{}. Judged on {} rows of a later moment, of which {:.1} % left.</p>",
        escaped(&c.definition),
        grouped(c.rows),
        100.0 * c.base_rate
    );
    let caption = "Calibration: what was said in ten bins, and what came true";
    out.push_str(&figure(caption, &calibration(caption, &c.bins)));
    let auc = c.auc.map_or("–".to_owned(), |a| format!("{a:.4}"));
    let _ = write!(
        out,
        "<div class=wide><table><tr><th><th>AUC<th>Brier score<th>calibration error<th>recall@10%<th>precision@10%\
         <tr><td>churn<td>{auc}<td>{:.4}<td>{:.4}<td>{:.3}<td>{:.3}</table></div>",
        c.brier, c.ece, c.recall_10, c.precision_10
    );
    if c.reach.is_empty() {
        return out;
    }
    out.push_str(
        "<p>A campaign can contact so many, and finds of those who left:</p><div class=wide><table><tr><th>contact budget\
         <th>the model<th>those silent for longest<th>by lot<th>nobody finds more than",
    );
    for r in &c.reach {
        let [budget, recall, other, most] = [r.budget, r.recall, r.other, r.most].map(|x| 100.0 * x);
        let _ = write!(out, "<tr><td>{budget:.0} %<td>{recall:.1} %<td>{other:.1} %<td>{budget:.0} %<td>{most:.1} %");
    }
    out.push_str("</table></div>");
    out
}
