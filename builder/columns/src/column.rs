//! Columns of a batch by name.

use std::ops::Range;

use arrow::array::{
    Array, AsArray, BooleanArray, Date32Array, Int64Array, LargeStringArray, ListArray, RecordBatch, StringArray,
    StringViewArray,
};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::{DataType, Date32Type, Int64Type, TimestampMicrosecondType};
use kenal_identity::Contact;
use kenal_types::{Date, KeyRef, Market, System, Timestamp};

/// A batch that cannot be read. Names columns, and no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    #[error("there is no column {column}")]
    Missing { column: &'static str },
    #[error("the column {column} is of {found}, not {expected}")]
    Kind { column: &'static str, found: String, expected: &'static str },
    #[error("the column {column} has no value in a row that must have one")]
    Null { column: &'static str },
    #[error("the column {column} has a text that is not {expected}")]
    Text { column: &'static str, expected: &'static str },
}

/// A column of texts.
#[derive(Debug, Clone, Copy)]
pub struct Texts<'b> {
    column: &'static str,
    array: TextArray<'b>,
}

#[derive(Debug, Clone, Copy)]
enum TextArray<'b> {
    Short(&'b StringArray),
    Long(&'b LargeStringArray),
    View(&'b StringViewArray),
}

impl<'b> Texts<'b> {
    /// # Errors
    /// [`BatchError::Missing`] or [`BatchError::Kind`]
    pub fn of(batch: &'b RecordBatch, column: &'static str) -> Result<Texts<'b>, BatchError> {
        Texts::of_array(found(batch, column)?, column)
    }

    /// Of what a column holds.
    fn of_array(array: &'b dyn Array, column: &'static str) -> Result<Texts<'b>, BatchError> {
        let array = match array.data_type() {
            DataType::Utf8 => TextArray::Short(array.as_string()),
            DataType::LargeUtf8 => TextArray::Long(array.as_string()),
            DataType::Utf8View => TextArray::View(array.as_string_view()),
            other => return Err(kind(column, other, "text")),
        };
        Ok(Texts { column, array })
    }

    #[inline]
    #[must_use]
    pub fn get(self, row: usize) -> Option<&'b str> {
        match self.array {
            TextArray::Short(array) => array.is_valid(row).then(|| array.value(row)),
            TextArray::Long(array) => array.is_valid(row).then(|| array.value(row)),
            TextArray::View(array) => array.is_valid(row).then(|| array.value(row)),
        }
    }

    /// # Errors
    /// [`BatchError::Null`]
    #[inline]
    pub fn required(self, row: usize) -> Result<&'b str, BatchError> {
        self.get(row).ok_or(BatchError::Null { column: self.column })
    }

    /// # Errors
    /// [`BatchError::Null`] or [`BatchError::Text`]
    #[inline]
    pub fn system(self, row: usize) -> Result<System, BatchError> {
        self.required(row)?.parse().map_err(|_| BatchError::Text { column: self.column, expected: "a system" })
    }

    /// # Errors
    /// [`BatchError::Text`]
    #[inline]
    pub fn key(self, row: usize) -> Result<Option<KeyRef<'b>>, BatchError> {
        let key = |text| KeyRef::try_from(text).map_err(|_| self.not_a_key());
        self.get(row).map(key).transpose()
    }

    /// # Errors
    /// [`BatchError::Text`]
    #[inline]
    pub fn market(self, row: usize) -> Result<Option<Market>, BatchError> {
        let market =
            |text: &str| text.parse().map_err(|_| BatchError::Text { column: self.column, expected: "a market" });
        self.get(row).map(market).transpose()
    }

    fn not_a_key(self) -> BatchError {
        BatchError::Text { column: self.column, expected: "the key of a record" }
    }
}

/// A column of points in time, in microseconds.
#[derive(Debug, Clone)]
pub struct Times<'b> {
    column: &'static str,
    array: &'b dyn Array,
    values: &'b ScalarBuffer<i64>,
}

impl<'b> Times<'b> {
    /// # Errors
    /// As [`Texts::of`].
    pub fn of(batch: &'b RecordBatch, column: &'static str) -> Result<Times<'b>, BatchError> {
        let array = found(batch, column)?;
        let values = if let Some(numbers) = array.as_primitive_opt::<Int64Type>() {
            Int64Array::values(numbers)
        } else if let Some(times) = array.as_primitive_opt::<TimestampMicrosecondType>() {
            times.values()
        } else {
            return Err(kind(column, array.data_type(), "times in microseconds"));
        };
        Ok(Times { column, array, values })
    }

    /// # Errors
    /// [`BatchError::Null`]
    #[inline]
    pub fn required(&self, row: usize) -> Result<Timestamp, BatchError> {
        self.get(row).ok_or(BatchError::Null { column: self.column })
    }

    #[inline]
    #[must_use]
    pub fn get(&self, row: usize) -> Option<Timestamp> {
        self.array.is_valid(row).then(|| Timestamp(self.values[row]))
    }
}

/// A column of days.
#[derive(Debug, Clone, Copy)]
pub struct Days<'b>(&'b Date32Array);

impl<'b> Days<'b> {
    /// # Errors
    /// As [`Texts::of`].
    pub fn of(batch: &'b RecordBatch, column: &'static str) -> Result<Days<'b>, BatchError> {
        let array = found(batch, column)?;
        array.as_primitive_opt::<Date32Type>().map(Days).ok_or_else(|| kind(column, array.data_type(), "days"))
    }

    #[inline]
    #[must_use]
    pub fn get(self, row: usize) -> Option<Date> {
        self.0.is_valid(row).then(|| Date(self.0.value(row)))
    }
}

/// A column of flags.
#[derive(Debug, Clone, Copy)]
pub struct Flags<'b> {
    column: &'static str,
    array: &'b BooleanArray,
}

impl<'b> Flags<'b> {
    /// # Errors
    /// As [`Texts::of`].
    pub fn of(batch: &'b RecordBatch, column: &'static str) -> Result<Flags<'b>, BatchError> {
        Flags::of_array(found(batch, column)?, column)
    }

    fn of_array(array: &'b dyn Array, column: &'static str) -> Result<Flags<'b>, BatchError> {
        let flags = array.as_boolean_opt().ok_or_else(|| kind(column, array.data_type(), "flags"))?;
        Ok(Flags { column, array: flags })
    }

    /// # Errors
    /// [`BatchError::Null`]
    #[inline]
    pub fn required(self, row: usize) -> Result<bool, BatchError> {
        self.array.is_valid(row).then(|| self.array.value(row)).ok_or(BatchError::Null { column: self.column })
    }
}

/// A column whose rows have any number of values.
#[derive(Debug, Clone, Copy)]
struct List<'b>(&'b ListArray);

impl<'b> List<'b> {
    fn of(batch: &'b RecordBatch, column: &'static str) -> Result<List<'b>, BatchError> {
        let array = found(batch, column)?;
        array.as_list_opt::<i32>().map(List).ok_or_else(|| kind(column, array.data_type(), "lists"))
    }

    /// Places of a row's values among all; of a row without a list, none.
    #[inline]
    fn places(self, row: usize) -> Range<usize> {
        if self.0.is_null(row) {
            return 0..0;
        }
        let ends = self.0.value_offsets();
        ends[row] as usize..ends[row + 1] as usize
    }
}

/// A column of several texts a row.
#[derive(Debug, Clone, Copy)]
pub struct TextLists<'b> {
    list: List<'b>,
    texts: Texts<'b>,
}

impl<'b> TextLists<'b> {
    /// # Errors
    /// As [`Texts::of`].
    pub fn of(batch: &'b RecordBatch, column: &'static str) -> Result<TextLists<'b>, BatchError> {
        let list = List::of(batch, column)?;
        Ok(TextLists { list, texts: Texts::of_array(list.0.values(), column)? })
    }

    /// # Errors
    /// [`BatchError::Null`]
    #[inline]
    pub fn get(self, row: usize) -> Result<Vec<&'b str>, BatchError> {
        self.list.places(row).map(|at| self.texts.required(at)).collect()
    }
}

/// A column of several contacts a row.
#[derive(Debug, Clone, Copy)]
pub struct Contacts<'b> {
    list: List<'b>,
    value: Texts<'b>,
    verified: Flags<'b>,
    shared: Flags<'b>,
}

impl<'b> Contacts<'b> {
    /// # Errors
    /// As [`Texts::of`].
    pub fn of(batch: &'b RecordBatch, column: &'static str) -> Result<Contacts<'b>, BatchError> {
        let list = List::of(batch, column)?;
        let field = |name| within(list.0.values(), column, name);
        Ok(Contacts {
            list,
            value: Texts::of_array(field("value")?, column)?,
            verified: Flags::of_array(field("verified")?, column)?,
            shared: Flags::of_array(field("shared")?, column)?,
        })
    }

    /// # Errors
    /// [`BatchError::Null`]
    #[inline]
    pub fn get(self, row: usize) -> Result<Vec<Contact<'b>>, BatchError> {
        let contact = |at| {
            let (verified, shared) = (self.verified.required(at)?, self.shared.required(at)?);
            Ok(Contact { value: self.value.required(at)?, verified, shared })
        };
        self.list.places(row).map(contact).collect()
    }
}

/// A text within a column of groups; a row without a group has none.
#[derive(Debug, Clone, Copy)]
pub struct TextWithin<'b> {
    group: &'b dyn Array,
    texts: Texts<'b>,
}

impl<'b> TextWithin<'b> {
    /// # Errors
    /// As [`Texts::of`].
    pub fn of(batch: &'b RecordBatch, column: &'static str, name: &str) -> Result<TextWithin<'b>, BatchError> {
        let group = found(batch, column)?;
        Ok(TextWithin { group, texts: Texts::of_array(within(group, column, name)?, column)? })
    }

    #[inline]
    #[must_use]
    pub fn get(self, row: usize) -> Option<&'b str> {
        if self.group.is_null(row) { None } else { self.texts.get(row) }
    }
}

/// A field of a group.
fn within<'b>(group: &'b dyn Array, column: &'static str, name: &str) -> Result<&'b dyn Array, BatchError> {
    let group = group.as_struct_opt().ok_or_else(|| kind(column, group.data_type(), "groups"))?;
    group.column_by_name(name).map(AsRef::as_ref).ok_or(BatchError::Missing { column })
}

fn found<'b>(batch: &'b RecordBatch, column: &'static str) -> Result<&'b dyn Array, BatchError> {
    batch.column_by_name(column).map(AsRef::as_ref).ok_or(BatchError::Missing { column })
}

fn kind(column: &'static str, found: &DataType, expected: &'static str) -> BatchError {
    BatchError::Kind { column, found: found.to_string(), expected }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, TimestampMicrosecondArray};

    use super::*;

    fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
        RecordBatch::try_from_iter(columns).expect("columns of one length")
    }

    #[test]
    fn texts_of_every_layout_and_times_of_both() {
        let texts = [Some("shopify:1"), None, Some("zendesk:é")];
        let arrays: [ArrayRef; 3] = [
            Arc::new(StringArray::from_iter(texts)),
            Arc::new(LargeStringArray::from_iter(texts)),
            Arc::new(StringViewArray::from_iter(texts)),
        ];
        for array in arrays {
            let batch = batch(vec![("customer", array)]).slice(1, 2);
            let column = Texts::of(&batch, "customer").expect("texts");
            assert_eq!((column.get(0), column.get(1)), (None, Some("zendesk:é")));
            assert_eq!(column.required(0), Err(BatchError::Null { column: "customer" }));
            assert_eq!(column.key(0), Ok(None));
            assert_eq!(column.key(1), Ok(Some(KeyRef { system: System::Zendesk, id: "é" })));
        }
        let times = [None, Some(7)];
        let arrays: [ArrayRef; 2] = [
            Arc::new(Int64Array::from_iter(times)),
            Arc::new(TimestampMicrosecondArray::from_iter(times).with_timezone("UTC")),
        ];
        for array in arrays {
            let batch = batch(vec![("at", array)]);
            let column = Times::of(&batch, "at").expect("times");
            assert_eq!(column.required(0), Err(BatchError::Null { column: "at" }));
            assert_eq!(column.required(1), Ok(Timestamp(7)));
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_without_its_values() {
        let secret: ArrayRef = Arc::new(StringArray::from(vec!["mei@shop.example"]));
        let batch = batch(vec![("customer", secret), ("n", Arc::new(arrow::array::Float64Array::from(vec![1.0])))]);
        assert_eq!(Texts::of(&batch, "number").expect_err("none").to_string(), "there is no column number");
        assert_eq!(Texts::of(&batch, "n").expect_err("numbers").to_string(), "the column n is of Float64, not text");
        let times = Times::of(&batch, "customer").expect_err("texts").to_string();
        assert_eq!(times, "the column customer is of Utf8, not times in microseconds");
        let column = Texts::of(&batch, "customer").expect("texts");
        let no_key = column.key(0).expect_err("an address").to_string();
        assert_eq!(no_key, "the column customer has a text that is not the key of a record");
        assert!(column.system(0).is_err());
    }
}
