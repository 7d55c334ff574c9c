//! Attributes of the data's own: values of a list, and places on the map.

use super::{bounded, fold, is_non_value, words};

/// Characters kept of a value of a list.
const CATEGORY_CHARS_MAX: usize = 64;

/// Words of a value of a list (gender, occupation, state), folded.
pub fn category(text: &str) -> Option<String> {
    let mut folded = String::new();
    fold(bounded(text), &mut folded);
    if is_non_value(&folded) {
        return None;
    }
    let joined = words(&folded).collect::<Vec<_>>().join(" ");
    let kept: String = joined.chars().take(CATEGORY_CHARS_MAX).collect();
    (!kept.is_empty()).then_some(kept)
}

/// Latitude and longitude in degrees; `None` outside the earth, and for 0 0, which is in the sea and means unknown.
pub fn coordinates(text: &str) -> Option<[f32; 2]> {
    let mut numbers = bounded(text).split([' ', ',', ';', '\t']).filter(|n| !n.is_empty()).map(str::parse::<f32>);
    let (Some(Ok(latitude)), Some(Ok(longitude)), None) = (numbers.next(), numbers.next(), numbers.next()) else {
        return None;
    };
    let on_earth = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
    (on_earth && (latitude, longitude) != (0.0, 0.0)).then_some([latitude, longitude])
}

/// Kilometres between two places, by the haversine formula on a sphere of the earth's mean radius.
pub fn kilometres([a_lat, a_lon]: [f32; 2], [b_lat, b_lon]: [f32; 2]) -> f32 {
    let half = |x: f32| (x.to_radians() / 2.0).sin().powi(2);
    let h = half(b_lat - a_lat) + a_lat.to_radians().cos() * b_lat.to_radians().cos() * half(b_lon - a_lon);
    2.0 * 6371.0 * h.clamp(0.0, 1.0).sqrt().asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_a_list() {
        for (text, expected) in [
            (" Female ", Some("female")),
            ("Civil-Servant", Some("civil servant")),
            ("n/a", None),
            ("", None),
            ("ครู", Some("ครู")),
        ] {
            assert_eq!(category(text).as_deref(), expected, "{text}");
        }
        assert!(category(&"x y ".repeat(10_000)).is_some_and(|c| c.chars().count() <= CATEGORY_CHARS_MAX));
    }

    #[test]
    fn places() {
        for (text, expected) in [
            ("1.29 103.85", Some([1.29, 103.85])),
            ("1.29,103.85", Some([1.29, 103.85])),
            ("0,0", None),
            ("91 0", None),
            ("1.29", None),
            ("NaN 3", None),
            ("1 2 3", None),
        ] {
            assert_eq!(coordinates(text), expected, "{text}");
        }
        let (singapore, kuala_lumpur) = ([1.290, 103.852], [3.139, 101.687]);
        assert!((kilometres(singapore, kuala_lumpur) - 316.0).abs() < 5.0);
        assert_eq!(kilometres(singapore, singapore), 0.0);
    }
}
