//! Plots as inline SVG: dots with intervals, a calibration curve, bars. Colours come from the page's style, so that a plot
//! is right on light and on dark.

use std::fmt::Write as _;

use crate::card::Figure;

/// Width of every plot; it scales with the page.
const WIDTH: f64 = 640.0;
/// Room for names on the left, numbers on the right.
const NAMES: f64 = 170.0;
const NUMBERS: f64 = 175.0;
const LINE: f64 = 30.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 24.0;

/// A named value with its interval. `class` colours it.
pub struct Dot {
    pub name: String,
    pub note: String,
    pub figure: Figure,
    pub class: &'static str,
}

/// Text as HTML and SVG have it.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A step of 1, 2 or 5 times a power of ten that divides `span` into about five.
fn step(span: f64) -> f64 {
    let raw = (span / 5.0).max(1e-12);
    let power = 10_f64.powf(raw.log10().floor());
    let times = raw / power;
    power
        * if times < 1.5 {
            1.0
        } else if times < 3.5 {
            2.0
        } else if times < 7.5 {
            5.0
        } else {
            10.0
        }
}

/// Dots with whiskers, one line each, from zero.
pub fn dots(label: &str, dots: &[Dot]) -> String {
    let most = dots.iter().map(|d| d.figure.high).filter(|h| h.is_finite()).fold(0.0_f64, f64::max).max(1e-6);
    let tick = step(most);
    let end = (most / tick).ceil() * tick;
    let height = TOP + LINE * dots.len() as f64 + BOTTOM;
    let x = |v: f64| NAMES + v.clamp(0.0, end) / end * (WIDTH - NAMES - NUMBERS);
    let mut svg = open(label, height);
    let floor = height - BOTTOM;
    let ticks = (end / tick).round() as usize;
    for t in 0..=ticks {
        let at = x(t as f64 * tick);
        let _ = write!(
            svg,
            "<line class=grid x1={at:.1} x2={at:.1} y1={TOP} y2={floor:.1} /><text class=tick x={at:.1} y={:.1} \
             text-anchor=middle>{}</text>",
            floor + 16.0,
            number(t as f64 * tick, tick)
        );
    }
    for (n, d) in dots.iter().enumerate() {
        let y = TOP + LINE * (n as f64 + 0.5);
        let Figure { mean, low, high } = d.figure;
        let _ = write!(
            svg,
            "<text class=name x={:.1} y={:.1} text-anchor=end>{}</text>",
            NAMES - 12.0,
            y + 4.0,
            escaped(&d.name)
        );
        if !mean.is_finite() {
            continue;
        }
        let _ = write!(
            svg,
            "<g class={}><line class=whisker x1={:.1} x2={:.1} y1={y:.1} y2={y:.1} /><circle cx={:.1} cy={y:.1} r=5 \
             /></g><text class=number x={:.1} y={:.1}>{mean:.4} {}</text>",
            d.class,
            x(low),
            x(high),
            x(mean),
            WIDTH - NUMBERS + 12.0,
            y + 4.0,
            escaped(&d.note)
        );
    }
    svg.push_str("</svg>");
    svg
}

fn open(label: &str, height: f64) -> String {
    format!("<svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=img aria-label=\"{}\">", escaped(label))
}

fn number(value: f64, step: f64) -> String {
    let digits = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{value:.digits$}")
}

/// Predicted against observed, with the 95 % interval that so many rows allow each point.
pub fn calibration(label: &str, bins: &[(usize, f64, f64)]) -> String {
    const SIDE: f64 = 320.0;
    const LEFT: f64 = 60.0;
    let most = bins.iter().flat_map(|(_, p, o)| [*p, *o]).fold(0.0_f64, f64::max).clamp(0.01, 1.0);
    let tick = step(most);
    let end = ((most / tick).ceil() * tick).min(1.0).max(most);
    let x = |v: f64| LEFT + v / end * SIDE;
    let y = |v: f64| TOP + SIDE - v.clamp(0.0, end) / end * SIDE;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {:.0} {:.0}\" class=square role=img aria-label=\"{}\">",
        LEFT + SIDE + 20.0,
        TOP + SIDE + 46.0,
        escaped(label)
    );
    for t in 0..=(end / tick + 1e-9).floor() as usize {
        let v = t as f64 * tick;
        let text = number(v, tick);
        let _ = write!(
            svg,
            "<line class=grid x1={0:.1} x2={0:.1} y1={TOP} y2={1:.1} /><line class=grid x1={LEFT} x2={2:.1} y1={3:.1} \
             y2={3:.1} /><text class=tick x={0:.1} y={4:.1} text-anchor=middle>{text}</text><text class=tick x={5:.1} \
             y={6:.1} text-anchor=end>{text}</text>",
            x(v),
            TOP + SIDE,
            LEFT + SIDE,
            y(v),
            TOP + SIDE + 16.0,
            LEFT - 6.0,
            y(v) + 4.0
        );
    }
    let _ = write!(
        svg,
        "<line class=diagonal x1={:.1} y1={:.1} x2={:.1} y2={:.1} /><text class=tick x={:.1} y={:.1} \
         text-anchor=middle>predicted</text><text class=tick transform=\"translate(14 {:.1}) rotate(-90)\" \
         text-anchor=middle>left</text>",
        x(0.0),
        y(0.0),
        x(end),
        y(end),
        LEFT + SIDE / 2.0,
        TOP + SIDE + 36.0,
        TOP + SIDE / 2.0
    );
    svg.push_str("<g class=model>");
    for (rows, predicted, observed) in bins {
        let (low, high) = wilson(*observed, *rows);
        let _ = write!(
            svg,
            "<line class=whisker x1={0:.1} x2={0:.1} y1={1:.1} y2={2:.1} /><circle cx={0:.1} cy={3:.1} r=4 />",
            x(*predicted),
            y(low),
            y(high),
            y(*observed)
        );
    }
    svg.push_str("</g></svg>");
    svg
}

/// Wilson's 95 % interval of a share of `n`.
fn wilson(share: f64, n: usize) -> (f64, f64) {
    const Z: f64 = 1.96;
    let n = n.max(1) as f64;
    let center = share + Z * Z / (2.0 * n);
    let reach = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + Z * Z / n;
    ((center - reach) / whole, (center + reach) / whole)
}

/// One bar a line, of shares from 0 to 1.
pub fn bars(label: &str, bars: &[(String, f64, &'static str)]) -> String {
    let height = TOP + LINE * bars.len() as f64 + 4.0;
    let mut svg = open(label, height);
    for (n, (name, share, class)) in bars.iter().enumerate() {
        let y = TOP + LINE * n as f64;
        let room = WIDTH - NAMES - NUMBERS;
        let _ = write!(
            svg,
            "<text class=name x={:.1} y={:.1} text-anchor=end>{}</text><rect class=track x={NAMES} y={:.1} \
             width={room:.1} height=12 rx=6 /><rect class={class} x={NAMES} y={:.1} width={:.1} height=12 rx=6 /><text \
             class=number x={:.1} y={:.1}>{:.1} %</text>",
            NAMES - 12.0,
            y + 19.0,
            escaped(name),
            y + 9.0,
            y + 9.0,
            (room * share.clamp(0.0, 1.0)).max(2.0),
            WIDTH - NUMBERS + 12.0,
            y + 19.0,
            100.0 * share
        );
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_text_is_escaped() {
        for (span, expected) in [(1.0, 0.2), (0.31, 0.05), (7.0, 1.0), (0.09, 0.02)] {
            assert!((step(span) - expected).abs() < 1e-12, "{span}: {}", step(span));
        }
        assert_eq!(number(0.1, 0.05), "0.10");
        assert_eq!(escaped("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;&gt;");
        // Of `statsmodels.stats.proportion.proportion_confint(20, 100, method="wilson")`.
        let (low, high) = wilson(0.2, 100);
        assert!((low - 0.133_367).abs() < 1e-5 && (high - 0.288_829).abs() < 1e-5, "{low} {high}");
        let nothing = Figure { mean: f64::NAN, low: f64::NAN, high: f64::NAN };
        let svg = dots("x", &[Dot { name: "a".into(), note: String::new(), figure: nothing, class: "model" }]);
        assert!(!svg.contains("NaN"), "{svg}");
        assert!(!calibration("x", &[]).contains("NaN"));
    }
}
