//! The estimates beside those of an independent calculation in numpy and statsmodels on the same 400 people.
//!
//! With `T`, `C` the masks of the arms, `Z` the three columns from before, and `L` a metric's values or, for a ratio,
//! `revenue/mean(revenue) − orders/mean(orders)` of each arm:
//! - plain: Welch's `sqrt(var(T, ddof=1)/n_T + var(C, ddof=1)/n_C)`;
//! - order value: the textbook delta method, `np.cov(revenue, orders)` on each arm;
//! - CUPED: `np.linalg.lstsq` of `L` on `Z`, both centred on each arm and weighted by `1/sqrt(n(n − 1))`, then Welch of
//!   the residuals;
//! - markets: weights `mean(market == s)`, Welch within each, and the spread of the markets' effects over n;
//! - all at once: near `sm.OLS(revenue, [1, arm, Z̃, arm·Z̃]).fit(cov_type="HC2")`, where `Z̃` also has the markets.

use kenal_experiment::estimate::{Estimate, Metric, Precision, Scale, compare, of_arm};
use kenal_experiment::moments::{Moments, Person, cells};

fn people() -> Vec<Person> {
    let person = |i: usize| {
        let arm = u16::from((i * 7919) % 1000 < 400);
        let orders = [0.0, 0.0, 1.0, 0.0, 2.0, 0.0, 0.0, 1.0, 3.0, 0.0][(i * i + 3 * i) % 10];
        let habit = (i * 37 % 91) as f64;
        let before = [0.0, 1.0, 0.0, 0.0, 2.0][(i * 13 + i * i) % 5] + f64::from(u8::from(orders > 1.0));
        let sign = |x: f64| f64::from(u8::from(x > 0.0));
        let values = [orders * (10.0 + habit), orders, sign(orders), before * (5.0 + habit), before, sign(before)];
        Person { arm, stratum: (i * 31 % 3) as u16, values }
    };
    (0..400).map(person).collect()
}

#[track_caller]
fn check(cells: &[Vec<Moments>], (metric, scale, precision): (Metric, Scale, Precision), value: f64, error: f64) {
    let Estimate { value: v, error: e, n, .. } =
        compare(&cells[1], &cells[0], metric, scale, precision).expect("orders");
    assert!((v - value).abs() < 1e-9 && (e - error).abs() < 1e-9, "{metric:?} {v} ± {e} is not {value} ± {error}");
    assert_eq!(n, 400.0);
}

#[test]
fn as_numpy_has_them() {
    let cells = cells(&people(), 2, 3);
    assert_eq!(cells[1].iter().map(Moments::n).sum::<f64>(), 159.0);
    let (cuped, strata) = (Precision { cuped: true, strata: false }, Precision { cuped: false, strata: true });
    use Metric::{AverageOrderValue, Conversion, RevenuePerVisitor};
    use Scale::{Absolute, Relative};
    for (what, value, error) in [
        ((RevenuePerVisitor, Absolute, Precision::PLAIN), -0.026_514_261_854_430_288, 9.602_149_223_022_44),
        ((AverageOrderValue, Relative, Precision::PLAIN), 0.021_939_257_691_227_74, 0.062_159_825_322_398_17),
        ((RevenuePerVisitor, Absolute, cuped), 0.754_630_937_014_993_7, 3.559_383_279_719_374_7),
        ((AverageOrderValue, Relative, cuped), 0.008_327_626_438_397_547, 0.039_523_007_884_736_1),
        ((Conversion, Absolute, strata), -0.014_767_947_934_025_027, 0.050_524_557_879_091_145),
    ] {
        check(&cells, what, value, error);
    }
    let arm = of_arm(&cells[1], AverageOrderValue).expect("orders");
    assert!((arm.value - 57.039_840_637_450_2).abs() < 1e-9 && (arm.error - 2.754_425_350_804_735).abs() < 1e-9);
    // Another estimator of the same: near, not equal.
    let both = compare(&cells[1], &cells[0], RevenuePerVisitor, Absolute, Precision::FULL).expect("orders");
    assert!((both.value - 0.770_6).abs() < 0.1 && (both.error / 3.638_3 - 1.0).abs() < 0.05, "{both:?}");
}

#[test]
fn what_does_not_exist_is_none() {
    let mut one = Moments::default();
    (0..10).for_each(|_| one.add(&[0.0; 6]));
    let (nobody, nothing) = ([Moments::default()], [one]);
    let cells = cells(&people(), 2, 3);
    let of = |t: &[Moments], c: &[Moments], metric, scale| compare(t, c, metric, scale, Precision::FULL);
    let whole = |a: usize| [cells[a].iter().fold(Moments::default(), Moments::with)];
    assert_eq!(of(&nobody, &whole(0), Metric::Conversion, Scale::Absolute), None);
    assert_eq!(of(&nothing, &whole(0), Metric::Conversion, Scale::Relative), None, "no lift over or of zero");
    assert!(of(&nothing, &whole(0), Metric::RevenuePerVisitor, Scale::Absolute).is_some());
    assert_eq!(of(&nothing, &whole(0), Metric::AverageOrderValue, Scale::Absolute), None, "no orders, no value");
    assert_eq!(of(&nothing, &nothing, Metric::Conversion, Scale::Absolute), None, "nothing varies");
}
