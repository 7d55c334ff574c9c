//! What the engine knows how to compare.

/// A meaning that a column can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Given name or names.
    GivenName,
    /// Family name.
    FamilyName,
    /// The whole name.
    FullName,
    /// Date of birth.
    BirthDate,
    /// Email address.
    Email,
    /// Phone number.
    Phone,
    /// Address below the city.
    Street,
    /// City, suburb or village.
    City,
    /// Postcode.
    Postcode,
    /// Country.
    Country,
    /// Device, cookie or browser.
    Device,
    /// Membership, security or tax number.
    Number,
}

impl Role {
    /// All roles, in the order of a mapping's lines.
    pub const ALL: [Role; 12] = [
        Role::GivenName,
        Role::FamilyName,
        Role::FullName,
        Role::BirthDate,
        Role::Email,
        Role::Phone,
        Role::Street,
        Role::City,
        Role::Postcode,
        Role::Country,
        Role::Device,
        Role::Number,
    ];

    /// How many there are.
    pub const COUNT: usize = Role::ALL.len();

    /// Its key in a mapping.
    pub const fn name(self) -> &'static str {
        match self {
            Role::GivenName => "given_name",
            Role::FamilyName => "family_name",
            Role::FullName => "full_name",
            Role::BirthDate => "birth_date",
            Role::Email => "email",
            Role::Phone => "phone",
            Role::Street => "street",
            Role::City => "city",
            Role::Postcode => "postcode",
            Role::Country => "country",
            Role::Device => "device",
            Role::Number => "number",
        }
    }

    /// Several columns are parts of one value; of the other roles each column is a value.
    pub const fn is_joined(self) -> bool {
        matches!(self, Role::GivenName | Role::FamilyName | Role::Street | Role::BirthDate)
    }
}

const _: () = {
    let mut at = 0;
    while at < Role::COUNT {
        assert!(Role::ALL[at] as usize == at);
        at += 1;
    }
};
