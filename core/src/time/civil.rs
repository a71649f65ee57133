//! Dates as services write them, in the Gregorian calendar, and always UTC inside.
//!
//! A library for dates reads any form by interpreting a description of it, which was a tenth of the whole engine on
//! the edge; here the few forms that occur are taken apart directly.

/// Milliseconds since 1970 of `2019-06-20T02:57:58.123+02:00`, `2019-06-20 02:57:58`, `06/20/2019 02:57:58 +00:00`,
/// `6/20/2019 2:57:58 AM +00:00` or `Thu, 20 Jun 2019 02:57:58 GMT`. Without an offset it is UTC.
pub(super) fn parse(text: &str) -> Option<i64> {
    // The day of the week says nothing new.
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let mut words = text.split_ascii_whitespace();
    let first = words.next()?;
    let (date, clock) = if let Some((date, clock)) = first.split_once(['T', 't']) {
        (split(date, '-')?, clock)
    } else if first.contains('-') {
        (split(first, '-')?, words.next()?)
    } else if first.contains('/') {
        let [month, day, year] = split(first, '/')?;
        ([year, month, day], words.next()?)
    } else {
        let (month, year) = (words.next()?, words.next()?);
        ([year, month, first], words.next()?)
    };
    let [year, month, day] = date;
    let year = number(year, 4).filter(|_| year.len() == 4)?;
    let month = MONTHS
        .iter()
        .position(|name| name.eq_ignore_ascii_case(month))
        .map_or_else(|| number(month, 2), |at| Some(at as i64 + 1))?;
    let days = days_from_date(year, month, number(day, 2)?);
    // A date that does not exist comes back as another one.
    if date_from_days(days) != (year, month, number(day, 2)?) {
        return None;
    }

    let zone_at = clock.find(['Z', 'z', '+', '-']).unwrap_or(clock.len());
    let (clock, mut zone) = clock.split_at(zone_at);
    let [hour, minute, second] = split(clock, ':')?;
    let (second, fraction) = second.split_once('.').unwrap_or((second, "0"));
    let mut hour = number(hour, 2)?;
    let mut word = words.next();
    if let Some(half) = word.filter(|word| ["AM", "PM"].contains(word)) {
        hour = (1..=12).contains(&hour).then_some(hour % 12)?;
        hour += if half == "PM" { 12 } else { 0 };
        word = words.next();
    }
    if let Some(word) = word {
        zone = Some(word).filter(|_| zone.is_empty() && words.next().is_none())?;
    }
    let (minute, second) = (number(minute, 2)?, number(second, 2)?);
    if hour > 23 || minute > 59 || second > 59 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let millis = number(&format!("{fraction:0<3}")[..3], 3)?;
    let minutes = (days * 24 + hour) * 60 + minute - offset(zone)?;
    Some((minutes * 60 + second) * 1000 + millis)
}

/// Year, month and day of a number of days from 1970-01-01 (Howard Hinnant, *chrono-Compatible Low-Level Date
/// Algorithms*). Years begin in March there, so that the leap day is the last one.
pub(super) fn date_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + MARCH_OF_YEAR_0;
    let (era, of_era) = (
        days.div_euclid(DAYS_OF_400_YEARS),
        days.rem_euclid(DAYS_OF_400_YEARS),
    );
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

fn days_from_date(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * DAYS_OF_400_YEARS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - MARCH_OF_YEAR_0
}

const MARCH_OF_YEAR_0: i64 = 719_468;
const DAYS_OF_400_YEARS: i64 = 146_097;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Minutes that a zone is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    let (sign, rest) = match zone.as_bytes().first() {
        None => return Some(0),
        Some(b'+') => (1, &zone[1..]),
        Some(b'-') => (-1, &zone[1..]),
        Some(_) => {
            let utc = ["Z", "GMT", "UTC", "UT"]
                .iter()
                .any(|name| name.eq_ignore_ascii_case(zone));
            return utc.then_some(0);
        }
    };
    let (hours, minutes) = rest.split_once(':').or_else(|| rest.split_at_checked(2))?;
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

fn split(text: &str, separator: char) -> Option<[&str; 3]> {
    let mut parts = text.splitn(3, separator);
    Some([parts.next()?, parts.next()?, parts.next()?])
}

/// Up to `most` digits and nothing else.
fn number(text: &str, most: usize) -> Option<i64> {
    let digits = text.len() <= most && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_800_years_has_one_date() {
        let (mut year, mut month, mut day) = (1600, 1, 1);
        for days in days_from_date(1600, 1, 1)..days_from_date(2400, 1, 1) {
            assert_eq!(date_from_days(days), (year, month, day));
            assert_eq!(days_from_date(year, month, day), days);
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + i64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        assert_eq!(date_from_days(0), (1970, 1, 1));
    }

    #[test]
    fn offsets_and_fractions_count() {
        let noon = parse("2019-06-20T12:00:00Z");
        for text in [
            "2019-06-20T14:00:00+02:00",
            "2019-06-20t06:30:00.000-05:30",
            "20 Jun 2019 14:00:00 +0200",
            "Thu, 20 Jun 2019 12:00:00 GMT",
            "6/20/2019 12:00:00 PM",
        ] {
            assert_eq!(parse(text), noon, "{text}");
        }
        let millis = |text| parse(text).map(|millis| millis % 1000);
        assert_eq!(millis("2019-06-20T12:00:00.1234567Z"), Some(123));
        assert_eq!(millis("2019-06-20 12:00:00.5"), Some(500));
    }

    #[test]
    fn what_does_not_exist_is_refused() {
        for text in [
            "2019-06-31T12:00:00Z",
            "2019-00-01T12:00:00Z",
            "2019-06-00T12:00:00Z",
            "2019-06-20T24:00:00Z",
            "2019-06-20T12:60:00Z",
            "2019-06-20T12:00:00.Zx",
            "2019-06-20T12:00:00+24:00",
            "2019-06-20T12:00:00+0é",
            "2019-06-20T12:00:00Z GMT",
            "19-06-20T12:00:00Z",
            "20 Jum 2019 14:00:00 GMT",
            "6/20/2019 0:00:00 AM",
            "6/20/2019 12:00:00 PM +00:00 x",
            "6/+2/2019 12:00:00",
            "--T::",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
