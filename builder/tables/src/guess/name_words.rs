//! Frequent names of people, in lower case.
//!
//! A column's meaning needs few: the hundred most frequent given names of English-speaking countries cover a third of
//! their people. Written from common knowledge of each language, for this crate; none is a record of a person.

/// Given names: English, Malay and Indonesian, Chinese (romanised), Indian, Thai, Vietnamese, Spanish, German, French.
pub(super) const GIVEN_NAMES: &str = "
james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony mark donald
steven paul andrew joshua kenneth kevin brian george edward ronald timothy jason jeffrey ryan jacob gary nicholas eric
jonathan stephen larry justin scott brandon benjamin samuel gregory frank alexander raymond patrick jack dennis jerry
tyler aaron jose adam nathan henry douglas zachary peter kyle walter harold jeremy ethan carl keith roger gerald
christian terry sean arthur austin noah lawrence jesse joe bryan billy jordan albert dylan bruce willie gabriel alan
juan logan wayne ralph roy eugene randy vincent russell louis philip bobby johnny bradley liam lachlan mitchell harrison
oliver lewis hugh fred frederick edwin francis alfred ernest herbert leonard stanley sidney percy cooper blake riley
connor luke max oscar hugo archie leo theodore sebastian isaac caleb hayden angus jayden ben tom sam joel harry will
mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty margaret sandra ashley kimberly
emily donna michelle carol amanda dorothy melissa deborah stephanie rebecca sharon laura cynthia kathleen amy angela
shirley anna brenda pamela emma nicole helen samantha katherine christine debra rachel carolyn janet catherine maria
heather diane ruth julie olivia joyce virginia victoria kelly lauren christina joan evelyn judith megan andrea cheryl
hannah jacqueline martha gloria teresa ann sara madison frances kathryn janice jean abigail alice julia judy sophia grace
denise amber doris marilyn danielle beverly isabella theresa diana natalie brittany charlotte marie kayla alexis lori
jane edith florence ethel clara agnes lucy ellen rose chloe zoe mia ella lily amelia matilda caitlin georgia courtney
madeline taylah brianna jasmine holly molly isabelle kate annabelle sienna harriet eliza erin claire paige
ahmad muhammad mohd mohamed mohammad abdul ali hassan hasan ibrahim ismail omar yusuf azman azlan hafiz faiz amir farid
siti nur nurul aisyah fatimah aminah noor zainab farah aida budi agus andi joko slamet bambang hendra rudi dewi sri
wahyu putri putra ayu rina ratna indah lestari yanti wati eko dwi tri adi rizky dian fitri wei ming hui jing li xin yan mei
ling ying jun hao jia kok chee siew boon kumar raj ravi suresh ramesh anil sunil vijay sanjay priya anita lakshmi deepa
somchai somsak prasert wichai sombat anong malee kanya siriporn suda nattapong thanakorn minh anh hung dung tuan huong
lan hoa mai thanh quang duc nam long linh thao carlos luis jorge miguel manuel pedro francisco javier rafael fernando
alejandro diego pablo carmen ana isabel lucia elena rosa pilar hans klaus wolfgang jürgen stefan andreas karl heinz
ursula monika petra sabine heike pierre michel andré philippe alain jacques françois nicolas françoise monique sylvie
isabelle nathalie camille giovanni giuseppe antonio marco francesco luigi johann wilhelm friedrich ludwig
";

/// Family names of the same languages.
pub(super) const FAMILY_NAMES: &str = "
smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson anderson
thomas taylor moore jackson martin lee perez thompson white harris sanchez clark ramirez lewis robinson walker young
allen king wright scott torres nguyen hill flores green adams nelson baker hall rivera campbell mitchell carter roberts
gomez phillips evans turner diaz parker cruz edwards collins reyes stewart morris morales murphy cook rogers gutierrez
ortiz morgan cooper peterson bailey reed kelly howard ramos kim cox ward richardson watson brooks chavez wood james
bennett gray mendoza ruiz hughes price alvarez castillo sanders patel myers long ross foster jimenez powell jenkins
perry russell sullivan bell coleman butler henderson barnes gonzales fisher vasquez simmons romero jordan patterson
alexander hamilton graham reynolds griffin wallace west cole hayes bryant herrera gibson ellis tran medina stevens
murray ford castro marshall owens harrison fernandez mcdonald woods washington kennedy wells vargas henry chen freeman
webb tucker burns crawford olson simpson porter hunter gordon mendez silva shaw snyder mason dixon munoz hunt hicks
holmes palmer wagner black robertson boyd stone salazar fox warren mills meyer rice schmidt weber müller schneider
fischer becker schulz hoffmann koch bauer richter klein wolf schröder neumann schwarz zimmermann braun krüger hartmann
martin bernard dubois durand leroy moreau simon laurent lefebvre michel roux fournier girard bonnet dupont lambert
fontaine rousseau vincent campbell clarke webster reid white ryan lim tan ng wong chan goh ong chua koh teo lau yeo sim
ho low toh chong yap foo leong cheng liew lai ooi khoo teh chin wang zhang liu yang huang zhao wu zhou xu sun ma zhu hu
guo lin singh kaur kumar sharma gupta reddy rao nair pillai menon krishnan subramaniam abdullah rahman ahmad ismail
hassan ibrahim yusof othman aziz hashim santoso wijaya susanto gunawan setiawan hidayat saputra pratama nugroho
kusuma siregar nasution harahap lubis le pham phan vu vo dang bui do hoang duong ly saetang saelim srisuk wongsa
suwan chaiyasit rossi russo ferrari esposito bianchi de van ivanov novak kowalski andersson johansson hansen nielsen
";
