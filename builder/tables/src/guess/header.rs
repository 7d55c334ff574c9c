//! What a column's name says, in several languages and many spellings.
//!
//! A name is cut into words (`FirstName`, `first-name` and `first name` are one), freed of accents, and looked up whole;
//! failing that, without words that only say whose it is (`customer`, `billing`) and without a number at its end.

use icu_normalizer::DecomposingNormalizerBorrowed;

use crate::mapping::{AttributeKind, Role};

/// What a name or values say a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Meaning {
    /// Tells records apart.
    Id,
    /// Tells who is who: the answer, not a question.
    Truth,
    /// Of the system that wrote the table: row numbers, times of loading.
    Technical,
    Role(Role),
    /// Part of a street.
    HouseNumber,
    BirthYear,
    BirthMonth,
    BirthDay,
    Latitude,
    Longitude,
    Attribute(AttributeKind),
}

/// A row of the table: a meaning and names that have it, without spaces between their words.
type Names = (Meaning, &'static str);

use AttributeKind::{Category, Date, Number, Text};

/// Whole names. Words are run together: `firstname` is `first_name`.
const NAMES: &[Names] = &[
    (
        Meaning::Id,
        "id uniqueid uid uuid guid rid recid recordid recordno recno recordnumber rowid rowkey customerid custid clientid userid \
      memberid contactid personid profileid accountid cid ctid sourceid externalid pk key idpelanggan idcliente kundenid kundennr idclient \
      makhachhang",
    ),
    (
        Meaning::Truth,
        "cluster clusterid clusterno entity entityid entid label labels matchid match ismatch isduplicate isdup duplicateof dupof \
      dupid duplicateid golden goldenid goldenrecord gold goldid groupid grp grpid groundtruth truth truthid trueid truecluster \
      trueclusterid truepersonid trueperson trueentity trueentityid truelabel realid originalid canonicalid masterid masterpersonid",
    ),
    (
        Meaning::Technical,
        "index idx row rowno rownum rownumber rownr sno serial serialno seq sequence line lineno unnamed0 column1 createdat \
      created createdon createddate createdtime creationdate updatedat updated updatedon updatedate lastupdated lastupdate lastmodified \
      modified modifiedat modifiedon modifieddate loadedat loaddate loadts ingestedat insertedat importedat timestamp ts etl etldate batch \
      batchid version hash checksum syncedat lastseen firstseen lastlogin",
    ),
    (
        Meaning::Role(Role::GivenName),
        "givenname givennames givname gname firstname firstnames fname fnames forename forenames forname first \
      christianname fnamec1 fnamec2 middlename mname middle namadepan namapertama nombre nombres primernombre segundonombre vorname \
      vornamen prenom prenoms nomedebattesimo chue chuu ten tendem nomdebateme nickname nick preferredname",
    ),
    (
        Meaning::Role(Role::FamilyName),
        "familyname famname surname surnames sname lastname lastnames lname lnames last lnamec1 lnamec2 maidenname \
      birthname secondname namabelakang namakeluarga apellido apellidos primerapellido segundoapellido nachname familienname \
      zuname geburtsname nomdefamille nomfamille namsakun namsakul ho hodem hovatendem",
    ),
    (
        Meaning::Role(Role::FullName),
        "name names fullname fullnames completename displayname customername clientname personname contactname \
      firstandsurname firstandlastname firstlast firstnamelastname namesurname nama namapenuh namalengkap namapelanggan nombrecompleto \
      nombreyapellido nombreyapellidos hoten hovaten tenkhachhang chuesakun chuenamsakun chuenamsakul nom nomcomplet nometprenom nomprenom \
      vollername vollstandigername holdername cardholder nameoncard recipient addressee",
    ),
    (
        Meaning::Role(Role::BirthDate),
        "dob birthdate birthday bday dateofbirth datebirth birthdt birthdateiso dateborn born bdate tarikhlahir tgllahir \
      tanggallahir ngaysinh wankoet wandueanpikoet fechanacimiento fechadenacimiento fecnac nacimiento geburtsdatum geburtstag gebdatum gebdat \
      datedenaissance datenaissance naissance",
    ),
    (
        Meaning::BirthYear,
        "birthyear yearofbirth yob by byear tahunlahir namsinh geburtsjahr anneenaissance anonacimiento",
    ),
    (Meaning::BirthMonth, "birthmonth monthofbirth mob bm bmonth bulanlahir thangsinh"),
    (Meaning::BirthDay, "birthdayofmonth dayofbirth bd birthdom"),
    (
        Meaning::Role(Role::Email),
        "email emails emailaddress emailaddr emailid mail mailaddress eml emel alamatemel alamatemail surel correo \
      correoelectronico diachiemail thudientu epost courriel adressemail adressemel mel",
    ),
    (
        Meaning::Role(Role::Phone),
        "phone phones ph phno phoneno phonenumber phonenum phonenr tel telno telephone telephoneno telephonenumber telnumber \
      mobile mobileno mobilenumber mobilephone cell cellphone cellno handphone hp nohp nohandphone notelefon notel notelp telefon telp \
      telepon nomortelepon nomorhp bimbit telefonbimbit telefono movil celular sodienthoai dienthoai sdt berthorasap bertho thorasap \
      telefonnummer handy handynummer mobil mobilnummer telefonnr portable numerotelephone numerodetelephone msisdn whatsapp wa \
      contactnumber contactno fax",
    ),
    (
        Meaning::HouseNumber,
        "streetnumber streetno streetnum stno houseno housenumber housenum buildingno buildingnumber unit unitno unitnumber apt aptno \
      apartment flat flatno norumah nomorrumah hausnummer hausnr hnr numerocalle sonha numerorue",
    ),
    (
        Meaning::Role(Role::Street),
        "street streets streetname streetaddress streetaddr str address addresses addressline addressline1 addressline2 \
      addr addr1 addr2 address1 address2 add1 add2 homeaddress postaladdress mailingaddress residentialaddress road roadname alamat \
      alamatrumah jalan namajalan direccion domicilio calle diachi duong thiyu thanon adresse adres strasse rue voie \
      buildingname building block blok",
    ),
    (
        Meaning::Role(Role::City),
        "city cityname town towncity townname suburb locality village municipality placename settlement bandar kota kotakabupaten \
      kabupaten kecamatan kelurahan daerah ciudad localidad municipio poblacion thanhpho quan quanhuyen huyen tinhthanh amphoe khet tambon ort \
      stadt wohnort gemeinde ville commune posttown addresscity",
    ),
    (
        Meaning::Role(Role::Postcode),
        "postcode postcodes postalcode postcd pcode pc zip zipcode zipcodes zip5 plz postleitzahl poskod kodepos kodpos poscode \
      codigopostal cp codepostal mabuudien mabuuchinh rahatpraisani pincode pin postcodefake eircode",
    ),
    (
        Meaning::Role(Role::Country),
        "country countryname countrycode countryiso countryofresidence ctry negara pais quocgia prathet land nation nationcode pays",
    ),
    (
        Meaning::Role(Role::Device),
        "device deviceid deviceuuid deviceidentifier visitorid visitor cookie cookieid clientcookie browserid anonymousid idfa idfv gaid adid aaid advertisingid \
      fingerprint imei androidid gaclientid sessiondevice",
    ),
    (
        Meaning::Role(Role::Number),
        "ssn ssnid socsecid socsecno socialsecurity socialsecurityno socialsecuritynumber socialsecurityid nationalid nationalidno nationalidnumber \
      nric nricno fin ic icno icnumber noic nokp nokadpengenalan mykad nik noktp ktp cccd cmnd socccd dni nie nif curp rfc cpf cnpj sin \
      nino taxid taxno taxnumber tin npwp steuernummer steuerid passport passportno passportnumber nopasport driverlicense driverslicense driverlicence \
      licenseno licencenumber membershipid membershipno membershipnumber membernumber memberno member loyaltyid loyaltyno loyaltynumber loyaltycard \
      cardno cardnumber accountnumber accountno policyno policynumber medicareno medicare nhsno nhsnumber mrn patientno vat vatno vatnumber abn \
      numerosecu numsecu sozialversicherungsnummer bankaccount iban",
    ),
    (Meaning::Latitude, "lat latitude geolat latdeg lintang vido"),
    (Meaning::Longitude, "lon lng long longitude geolon geolng longdeg bujur kinhdo"),
    (
        Meaning::Attribute(Category),
        "gender sex sexe sexo geschlecht jantina jeniskelamin kelamin gioitinh phet genero salutation honorific title prefix \
      anrede civilite suffix state statecode stateprovince province provincecode prov provinsi negeri region regioncode county district \
      departement bundesland provincia estado tinh changwat territory occupation job jobtitle profession pekerjaan nghenghiep ocupacion \
      beruf maritalstatus civilstatus race ethnicity ethnicgroup religion nationality citizenship language lang locale segment tier \
      status type category market currency bloodtype bloodgroup education",
    ),
    (
        Meaning::Attribute(Text),
        "company companyname employer organisation organization org business businessname firm syarikat perusahaan congty empresa firma \
      entreprise societe birthplace placeofbirth pob birthcity tempatlahir noisinh lugarnacimiento geburtsort lieunaissance description \
      note notes comment comments remarks brand manufacturer product venue website url",
    ),
    (
        Meaning::Attribute(Number),
        "age umur usia edad alter tuoi height weight income salary score amount balance price",
    ),
    (
        Meaning::Attribute(Date),
        "dateofdeath deathdate died dod weddingdate anniversary joindate joined signupdate registrationdate registeredon membersince \
      startdate enddate",
    ),
];

/// Words that say whose something is, or which of several, and not what it is.
const BESIDE: &[&str] = &[
    "customer",
    "cust",
    "client",
    "person",
    "persons",
    "people",
    "contact",
    "user",
    "member",
    "patient",
    "voter",
    "employee",
    "guest",
    "shopper",
    "buyer",
    "account",
    "acct",
    "profile",
    "crm",
    "primary",
    "secondary",
    "main",
    "alt",
    "alternate",
    "alternative",
    "other",
    "home",
    "work",
    "business",
    "personal",
    "private",
    "current",
    "previous",
    "old",
    "new",
    "billing",
    "bill",
    "shipping",
    "ship",
    "delivery",
    "mailing",
    "residential",
    "res",
    "legal",
    "the",
    "of",
    "raw",
    "clean",
    "std",
    "norm",
    "txt",
    "str",
    "col",
    "field",
    "fld",
    "value",
    "val",
    "src",
    "source",
    "fake",
    "orig",
    "original",
    "pelanggan",
    "cliente",
    "khach",
    "hang",
    "kunde",
    "kunden",
    "resident",
    "owner",
    "holder",
    "cl",
    "p",
    "c",
];

/// Parts of `first_name` and `last_name` that say something else in `last_purchase`.
const ORDINALS: [&str; 4] = ["first", "last", "second", "middle"];

/// What a name says, and whether it says it as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) meaning: Meaning,
    pub(super) exact: bool,
}

/// Looks a column's name up.
pub(super) fn named(column: &str) -> Option<Named> {
    let words = words(column);
    let whole = words.concat();
    // Before all else: mapping the answer by mistake would make every figure worthless.
    let tells = |w: &String| matches!(w.as_str(), "cluster" | "clusters" | "truth" | "golden");
    if words.iter().any(tells) || words.first().is_some_and(|w| w == "true") {
        return Some(Named { meaning: Meaning::Truth, exact: true });
    }
    if let Some(meaning) = look_up(&whole) {
        return Some(Named { meaning, exact: true });
    }
    let without_digits = |w: &String| w.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    let bare: Vec<String> = words.iter().map(without_digits).filter(|w| !w.is_empty()).collect();
    let kept: Vec<&str> = bare.iter().map(String::as_str).filter(|w| !BESIDE.contains(w)).collect();
    let meaning = look_up(&bare.concat()).or_else(|| look_up(&kept.concat())).or_else(|| part(&kept))?;
    // `other_id` is a key of another system, of which nothing is known but that it names someone.
    Some(Named { meaning, exact: false })
}

/// The meaning of two neighbouring words, then of a last word, then of a first: `pref_email_addr`, `home_tel_intl`.
fn part(words: &[&str]) -> Option<Meaning> {
    let pair = words.windows(2).find_map(|pair| look_up(&pair.concat()));
    pair.or_else(|| {
        [words.last()?, words.first()?]
            .into_iter()
            .filter(|w| w.len() > 2 && !ORDINALS.contains(w))
            .find_map(|w| look_up(w))
    })
}

fn look_up(name: &str) -> Option<Meaning> {
    NAMES.iter().find(|(_, names)| names.split_whitespace().any(|n| n == name)).map(|(meaning, _)| *meaning)
}

/// Words of a name in lower case, without accents: at every sign, and where a capital follows a small letter.
pub(super) fn words(column: &str) -> Vec<String> {
    let plain = DecomposingNormalizerBorrowed::new_nfd().normalize(column);
    let (mut words, mut before) = (vec![String::new()], ' ');
    for c in plain.chars() {
        if matches!(c, '\u{300}'..='\u{36f}') {
            continue;
        }
        let begins = !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase());
        if begins && words.last().is_some_and(|w| !w.is_empty()) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            match c {
                // The two Latin letters that do not decompose and stand in names of columns.
                'đ' | 'Đ' => word.push('d'),
                'ß' => word.push_str("ss"),
                _ => word.extend(c.to_lowercase()),
            }
        }
        before = c;
    }
    words.retain(|w| !w.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns() {
        let role = |r| Some(Meaning::Role(r));
        let attribute = |k| Some(Meaning::Attribute(k));
        for (names, expected) in [
            ("id unique_id rec_id record_id customer_id CustomerID Id", Some(Meaning::Id)),
            (
                "cluster cluster_id predicted_cluster person_truth entity_id label match_id golden golden_id group_id true_id true_cluster TrueLabel trueId",
                Some(Meaning::Truth),
            ),
            ("created_at updatedAt row_number _index load_ts", Some(Meaning::Technical)),
            (
                "fname first_name forename given_name GivenName firstName nama_depan Vorname prénom tên middle_name",
                role(Role::GivenName),
            ),
            (
                "surname lname last_name LastName family_name apellido Nachname nom_de_famille họ maiden_name",
                role(Role::FamilyName),
            ),
            (
                "name full_name first_and_surname nama_penuh họ_tên nombre_completo customer_name Name",
                role(Role::FullName),
            ),
            (
                "dob date_of_birth birthdate BirthDate birth-date DOB tarikh_lahir tanggal_lahir ngày_sinh Geburtsdatum",
                role(Role::BirthDate),
            ),
            ("email e-mail email_address E_Mail emel correo courriel email1 contact_email", role(Role::Email)),
            (
                "phone tel mobile phone_number no_hp telefon điện_thoại home_phone phone2 mobile_no Tel.",
                role(Role::Phone),
            ),
            ("street_number house_no", Some(Meaning::HouseNumber)),
            (
                "address_1 address_2 street address alamat địa_chỉ Straße billing_address_1 street_address",
                role(Role::Street),
            ),
            ("city suburb town kota ciudad ville Stadt shipping_city", role(Role::City)),
            ("zip post_code postcode postal_code poskod kode_pos PLZ postcode_fake zip_code", role(Role::Postcode)),
            ("country country_code negara país", role(Role::Country)),
            ("device_id visitor_id cookie_id", role(Role::Device)),
            ("ssn soc_sec_id nric membership_no loyalty_number ic_no NIK", role(Role::Number)),
            ("gender sex state region occupation title jantina", attribute(Category)),
            ("company employer birth_place", attribute(Text)),
            ("lat latitude", Some(Meaning::Latitude)),
            ("lng longitude", Some(Meaning::Longitude)),
            ("birth_year yob by", Some(Meaning::BirthYear)),
            ("c1 c9 foo x field_3 last_purchase first_order", None),
        ] {
            for name in names.split(' ') {
                assert_eq!(named(name).map(|n| n.meaning), expected, "{name}");
            }
        }
    }

    /// One name with two meanings would depend on the table's order.
    #[test]
    fn each_name_has_one_meaning() {
        let mut all: Vec<(&str, Meaning)> =
            NAMES.iter().flat_map(|(meaning, names)| names.split_whitespace().map(move |n| (n, *meaning))).collect();
        all.sort_unstable();
        let twice: Vec<_> = all.windows(2).filter(|w| w[0].0 == w[1].0).map(|w| w[0].0).collect();
        assert_eq!(twice, Vec::<&str>::new());
    }
}
