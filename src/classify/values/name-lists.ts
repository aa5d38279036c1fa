import { REGIONAL_FAMILY_NAMES, REGIONAL_GIVEN_NAMES } from './name-lists-regions.ts';

/** Given and family names that are common somewhere, lower case, without marks: enough to know a column of people. */

const GIVEN_WORDS = `
james mary robert patricia john jennifer michael linda david elizabeth william barbara richard susan joseph jessica thomas sarah
charles karen christopher lisa daniel nancy matthew betty anthony sandra margaret donald ashley steven kimberly andrew emily
paul donna joshua michelle kenneth carol kevin amanda brian melissa george deborah timothy stephanie ronald rebecca edward laura
jason sharon jeffrey cynthia ryan kathleen jacob amy nicholas angela gary shirley eric anna jonathan brenda stephen pamela larry
emma justin nicole scott helen brandon samantha benjamin katherine samuel christine gregory debra alexander rachel patrick carolyn
frank janet raymond maria jack catherine dennis heather jerry diane tyler olivia aaron julie jose joyce adam victoria nathan ruth
henry virginia zachary lauren douglas kelly peter christina kyle joan noah evelyn ethan judith jeremy andrea walter hannah christian
megan keith cheryl roger jacqueline terry martha austin madison sean teresa gerald gloria carl sara harold janice dylan ann arthur
kathryn lawrence abigail jordan sophia jesse frances bryan jean billy alice bruce judy gabriel isabella joe julia logan grace albert
amber willie denise eugene danielle ralph marilyn russell beverly bobby charlotte mason natalie philip theresa johnny diana louis
brittany liam lucas oliver elijah amelia mia harper ava luna sofia camila aria scarlett penelope layla chloe mila nora hazel
ellie violet aurora lily zoe eleanor stella bella lucy claire skylar paisley everly caroline nova genesis kennedy kinsley allison
maya naomi aaliyah elena ariana gabriella sadie ruby eva serenity autumn adeline hailey valentina isla eliana quinn nevaeh ivy piper
lydia alexa josephine emery delilah clara vivian reagan mackenzie sophie owen wyatt carter julian levi isaac lincoln jaxon asher
mateo leo theodore sebastian caleb luke xavier josiah dominic colton camden ezra gavin wesley silas brody declan cole
colin ian neil nigel graham stuart trevor malcolm clive derek geoffrey barry howard leonard norman stanley ernest alfred cecil
harry oscar archie freddie alfie theo finley rory callum ewan angus hamish fergus alistair duncan fraser craig gordon
siobhan aoife niamh ciara saoirse caoimhe orla sinead roisin maeve conor cormac eoin padraig seamus cillian darragh oisin fionn
rhys gareth dylan owain huw gwen megan carys ffion bronwen catrin sian angharad
anja anke annika antje astrid axel bernd birgit bjorn brigitte britta carsten claudia dieter dirk elke erika ernst eva felix
finn florian frank franz friedrich fritz gabriele gerd gerhard gisela greta gudrun gunter hanna hannes hans heide heike heinz
heinrich helga helmut herbert hermann hildegard holger horst ilse inge ingrid irmgard jan jens johann johanna johannes jonas jorg
jurgen juergen jutta kai karin karl karla karsten katharina katja katrin klaus konrad kurt lars lena leon leonie lothar ludwig lukas
manfred manuela maren marie mariele markus martina martin matthias max maximilian meike moritz monika nele nils norbert olaf
oskar otto patrizia petra rainer ralf reinhard renate rolf rosemarie rudiger sabine sebastian silke simone stefan stefanie steffen
susanne sven svenja tanja thorsten tobias torsten udo ulrich ulrike ursula ute uwe volker walter waltraud werner wilhelm wolfgang
jean pierre jacques philippe alain bernard michel andre francois nicolas laurent olivier christophe sebastien guillaume mathieu
julien antoine thierry pascal didier herve yves gilles gerard marcel rene henri louise camille lea manon chloe ines juliette margaux
mathilde pauline marion celine aurelie emilie amelie sandrine nathalie isabelle sylvie valerie veronique catherine monique francoise
jacqueline brigitte chantal dominique martine colette yvette odile genevieve benoit damien fabien fabrice florent gaelle hugo
jerome jules lucie ludovic maxime noemie quentin raphael remi romain stephane theo thibault valentin xavier yann elodie elise
antonio manuel francisco juan jose javier carlos miguel angel alejandro pablo sergio jorge alberto fernando luis alvaro diego adrian
raul enrique ramon vicente ivan ruben oscar andres joaquin santiago eduardo victor roberto jaime mario ignacio alfonso ricardo marcos
salvador guillermo emilio gustavo rodrigo esteban felipe hector nicolas tomas lorenzo matias benjamin agustin facundo thiago
carmen josefa isabel dolores pilar teresa rosa cristina lucia mercedes luisa concepcion raquel marta beatriz rocio alicia irene paula
silvia montserrat sonia ines inmaculada monica yolanda lorena esther nuria amparo encarnacion natalia rosario juana celia consuelo
guadalupe esperanza ximena fernanda valeria daniela mariana regina renata gabriela alejandra catalina josefina antonella martina
giuseppe giovanni antonio mario luigi francesco angelo vincenzo pietro salvatore carlo franco domenico bruno paolo michele giorgio
aldo sergio luciano giulia chiara francesca alessandra alessandro matteo lorenzo gabriele riccardo tommaso edoardo federico davide
filippo simone stefano fabio marco luca andrea roberto massimo claudio gianluca giancarlo enrico elisabetta giuseppina antonietta
paola laura silvia valentina federica ilaria elisa serena roberta simona rossella aurora ginevra beatrice bianca carla caterina
joao maria ana francisca antonia adriana juliana marcia fernanda patricia aline sandra camila amanda bruna jessica leticia julia
luciana vanessa mariana gabriela vera vitoria larissa claudia beatriz rita pedro paulo lucas luiz marcos luis gabriel rafael
francisco daniel marcelo bruno eduardo felipe raimundo rodrigo tiago thiago gustavo caio vinicius leandro thais renan henrique
joana catarina ines matilde leonor carolina mafalda duarte goncalo afonso tomas rui nuno vasco helder
jan piet kees henk willem hendrik johan cornelis dirk gerrit maarten joost jeroen bas bart daan sem lucas levi milan luuk thijs
jesse ruben lars tim niels sander wouter pieter rutger sjoerd anneke marieke annelies femke fleur sanne lotte emma tess saar
fenna roos eline iris anouk maaike marloes esmee ilse mirjam johanna wilhelmina geertruida hendrika
lars anders erik karl per nils lennart hans bjorn magnus gustav axel oskar emil viktor elsa alva astrid saga freja ebba maja wilma
linnea ingrid karin kerstin birgitta margareta elin johan fredrik mattias jonas mikael henrik niklas joakim rasmus hakan
ole knut odd kjell svein arne tor geir rune terje olav sigrid solveig marit ragnhild kari anne liv silje hege
jens niels soren mette kirsten hanne lone pia camilla ida freja mads mikkel kasper jeppe anders thomas rasmus
matti juhani johannes olavi antero tapani kalevi pekka timo jukka mikko antti kari heikki juha aino helena kaarina annikki
tuula hannele marjatta liisa anneli sari paivi minna sanna eero onni eino vaino veikko
piotr krzysztof andrzej tomasz jan pawel michal marcin stanislaw jakub adam marek lukasz grzegorz mateusz wojciech mariusz dariusz
zbigniew jerzy rafal tadeusz maciej kazimierz kamil dawid anna katarzyna malgorzata agnieszka barbara ewa krystyna
elzbieta zofia teresa magdalena joanna janina monika danuta jadwiga aleksandra halina irena beata marta dorota zuzanna kinga
oliwia maja lena hanna wiktoria szymon filip kacper bartosz przemyslaw
jiri petr pavel jaroslav tomas miroslav zdenek frantisek vaclav karel milan jakub vojtech ondrej eva hana lenka katerina
vera alena jana petra lucie tereza barbora zuzana veronika marketa dana ivana jozef stefan lubos rastislav
istvan laszlo jozsef ferenc zoltan sandor gabor tibor attila balazs bence mate erzsebet katalin ilona zsuzsanna agnes
ion gheorghe vasile constantin nicolae mihai andrei alexandru stefan cristian bogdan florin elena ioana mihaela andreea
georgi ivan dimitar petar hristo todor stoyan dragan goran zoran milos nikola marko luka ivana jelena milica jovana dusan nemanja
stefan vuk ana marija katarina tijana snezana vesna mirjana
aleksandr alexei alexey aleksei sergei sergey dmitri dmitry dmitriy andrei andrey vladimir mikhail nikolai nikolay igor oleg yuri yuriy
viktor pavel maksim maxim ivan roman denis anton artem kirill stanislav konstantin evgeny evgeniy yevgeny boris gleb vadim ruslan
timur olga tatiana tatyana natalia natalya irina svetlana galina ludmila lyudmila marina nina yelena ekaterina anastasia
yulia daria ksenia polina alina nadia nadezhda oksana taras bohdan mykola volodymyr andriy serhiy oleksandr vasyl iryna
kateryna yaroslav vitaliy sofiya zlata
giorgos dimitris yannis kostas nikos panagiotis vasilis christos athanasios michalis eleni katerina vasiliki sofia angeliki georgia
dimitra konstantinos ioannis georgios spyros stavros despina
mehmet mustafa ahmet ali huseyin hasan ibrahim ismail osman yusuf murat omer ramazan halil emre burak can cem deniz efe kerem
fatma ayse emine hatice zeynep elif meryem serife zehra sultan hanife merve busra esra selin ece defne asli
mohamed mohammed muhammad mohammad ahmed mahmoud mostafa omar khaled hassan hussein hossein youssef yusuf ibrahim abdul abdullah
abdulrahman ali tariq tarek karim kareem samir amir amira layla leila fatima aisha khadija mariam maryam zainab noor nour hana huda
salma yasmin yasmine rania dina mona nadia farid walid umar bilal hamza imran faisal saeed said rashid jamal nasser sami ziad rami
bassam farah lina rana reem dalia iman samira soraya reza mehdi hamid farhad bahram parisa shirin nasrin azadeh arash kian
aarav vivaan aditya vihaan arjun sai reyansh krishna ishaan rohan rahul amit anil sunil vijay sanjay rajesh suresh ramesh mahesh
dinesh ashok deepak vikram vikas manoj prakash ravi kiran nikhil akash karan varun gaurav abhishek siddharth harsh pranav
ananya diya priya pooja neha anjali kavya shreya riya sneha divya deepika lakshmi sunita anita geeta rekha meena kavita
sita radha asha usha swati shweta nisha aishwarya meera tara isha aditi gurpreet harpreet manpreet jaspreet
wei fang jing min xiuying yan jun lei tao qiang yang juan jie xin yong ming hui chao bin ling ying mei hong xiao
hiroshi hiro takashi kenji satoshi kazuo akira makoto yuki haruto sota ren yuto hinata sakura yui aoi hana mei rin sora daiki
kenta ryo shota takumi tsubasa naoki yoko keiko kazuko sachiko yumi emi ayumi haruka misaki nanami akiko michiko noriko yuko
minjun seojun jihoon jisoo jiwoo hyun minho sungho youngho jiyeon soyeon eunji minji yuna
nguyen linh huong thao trang phuong tuan hung dung hieu khanh quang thanh
budi siti agus dewi sri eko wahyu rina putri ayu nur fitri indah wati rizky
juan jose maria kofi kwame ama akosua kwabena yaw chidi chinedu emeka ngozi chioma ifeoma adaeze obinna uche tunde femi
oluwaseun folake adebayo temitope wanjiru kamau mwangi otieno achieng njeri thabo sipho nomsa lerato themba zanele lindiwe
amara zuri malik jamal tyrone darnell deshawn latoya shaniqua keisha ebony imani aaliyah
moshe avraham yitzhak yaakov david yosef shlomo avi eitan noa tamar shira yael rivka miriam esther talia lior
ara armen hovhannes anahit levon nino giorgi tamar davit
bruno carla dmitri elena ines marta petra rosa sven xenia yara iwona kateri odette rufus milo cosima bastian anton agnes
alba adele agata alma ambra anais anouk arlo arnaud aron athena august augustus aurelia barnaby basil benedict bernadette bettina
blanca boris brenna bridget calvin candice carlotta casper cassandra cecilia cedric celeste clemens clement cleo constance cora
corinne cyril dagmar damian daphne dario darius delia demi desmond dora doris dorothea dorothy edgar edith edmund edwin eileen elaine
elias elio elliot elliott elsie elvira emanuel emil enzo erica ernesto ester ethel eugenia fabian faith fatou felicia felicity
fiona flora florence francesca freya frida gemma georgia georgina gerda gianni gideon gilbert giselle gretchen gwendolyn harriet
harvey hector heidi henrietta hilda hubert hugh ida ignatius imogen ines ingeborg irina iris irma ismael isobel ivo jade jana janine
jared jasmin jasmine jasper jeanette jeanne jenna jenny jocelyn joel joelle joseph josie juan judith julius june justine karina kasia
kate katie kayla kira klara kristen kristin kristina kristof laila lance larissa lavinia leah leander leandra leonardo leopold lester lia
liana lidia lilian liliana lillian lionel lisbeth livia liza lola lorelei loretta lorraine louie lucian luciana lucille lucinda luka
lyla lynn mabel maddison madeleine magda maggie maia marcel marcella marcia marco marcus margarita margot marian mariana
marianne marietta marina marion marisol marjorie marlene marvin mathilda matilda maude maura maurice mauro mavis melanie melinda
melvin mercy meredith micah mika milena mildred millie milton mina minerva mira miranda miriam mischa moira molly morgan muriel myra
nadine nadja natasha nathaniel neal ned nell nellie nestor nicola nicolai nicolette nigel nikita nina nino nora noreen octavia odin
olive omar ophelia orlando orson osvaldo otis pablo paloma pandora pascale paulina pearl pedro peggy percy perry petros phoebe phyllis
pia portia priscilla quincy rafael ramona randall randy raoul raphaela raymond reuben rex rhoda rita robin rocco roderick
roland romeo ronan rosalie rosalind rosalyn rosemary rowan roxanne rudolf rupert sabrina salome sam samira sandro saskia
selena selma seth sheila shelby sheldon sidney sienna sigmund silvester simon solomon sonja stan stephan sybil sylvester sylvia tabea tabitha
tamara tania tatjana tessa thea thelma theodora theodor tiffany tilda tilly tina titus toby tony tracy trent tristan troy ulla
ursula valerio vanessa vera verena vernon vicky victor vince vincent viola vivien vivienne wade walker wanda warren wayne wendy wilbur
wilfred wilma winifred winston yannick yolanda yvonne zach zara zelda zelma
aleksander cyrus adela esme jarek rhea ugo vito willa xander zita imre uma vlad wim xiomara zeno abel delphine kaspar
raina una wolf zora ben dev ella gita hal joy ola sue tom val wes xena zed bob dave eve mallory niaj abby ada alan
alden alec alvin amos annette april ariel arnold art arturo asa ashton audrey avery barb beau becca beth blair blake
blanche boyd brad brady brent brett briana brooke bryce burt byron cameron carey carina casey cathy chad chase chelsea
cherie chester chuck cindy clay cliff clint cody cooper curtis dale dallas damon dane darla darren dean deanna della
devin dexter dolly drew duane dustin dwayne dwight earl eddie eden effie ellis elmer elton emerson enid erin ernie
eunice evan everett faye fern fletcher floyd fred gail gale garry gene geraldine gina ginger glen glenn grant greg hank
harlan harley hattie hayden heath herb hollie holly hope homer hunter ike ilene imelda isa jackie jada jake jamie jane
janelle jarvis jay jed jeff jess jewel jill jim jo jodie jody jon jonah josh judd kara kaye keenan kelvin ken kendra
kent kerry kim kip kirk kris lacey lana lane lara latasha lauri leigh len leroy leslie lila lilly lindsey lloyd lois
lonnie lora loren lorna lou lowell luther lyle mable mack madge mae mandy manny marc marcy marla marlon marsha marty
matt maud maxine may melody mickey miles mindy minnie missy mitch monte myles myron myrtle nan nate nettie nick noel
norma ollie opal oren pam pansy pat patsy patti pete phil polly preston ray rena renee reva rhonda ricky riley rob
robbie rod rodney ron ronnie rosie ross roxie rudy rusty sally sammy sandy sasha scot shane shari shawn sherri sherry
sid sierra skip sonya spencer stacy steve sydney tad tami tanner ted terri todd toni travis tricia trudy ty tyra ulises
uri vance vern vicki walt wendell whitney will willow willis winnie zane zoey
`;

const FAMILY_WORDS = `
smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson anderson thomas taylor
moore jackson martin lee perez thompson white harris sanchez clark ramirez lewis robinson walker young allen king wright scott torres
nguyen hill flores green adams nelson baker hall rivera campbell mitchell carter roberts gomez phillips evans turner diaz parker
cruz edwards collins reyes stewart morris morales murphy cook rogers gutierrez ortiz morgan cooper peterson bailey reed kelly howard
ramos kim cox ward richardson watson brooks chavez wood james bennett gray mendoza ruiz hughes price alvarez castillo sanders patel
myers long ross foster jimenez powell jenkins perry russell sullivan bell coleman butler henderson barnes gonzales fisher vasquez
simmons romero jordan patterson alexander hamilton graham reynolds griffin wallace moreno west cole hayes bryant herrera gibson ellis
tran medina aguilar stevens murray ford castro marshall owens harrison fernandez mcdonald woods washington kennedy wells vargas henry
chen freeman webb tucker guzman burns crawford olson simpson porter hunter gordon mendez silva shaw snyder mason dixon munoz hunt
hicks holmes palmer wagner black robertson boyd rose stone salazar fox warren mills meyer rice schmidt garza daniels ferguson nichols
stephens soto weaver ryan gardner payne grant dunn kelley spencer hawkins arnold pierce hansen peters santos hart bradley knight
elliott cunningham duncan armstrong hudson carroll lane riley andrews alvarado ray delgado berry perkins hoffman johnston matthews
pena richards contreras willis carpenter lawrence sandoval guerrero george chapman rios estrada ortega watkins greene nunez wheeler
valdez harper burke larson santiago maldonado morrison franklin carlson austin dominguez carr lawson jacobs obrien lynch singh vega
bishop montgomery oliver jensen harvey williamson gilbert dean sims espinoza howell li wong reid hanson le mccoy garrett burton fuller
wang weber welch rojas lucas marquez fields park yang little banks padilla day walsh bowman schultz luna fowler mejia
kowalski kowalska nowak wisniewski wisniewska wojcik kaminski kaminska lewandowski lewandowska zielinski szymanski wozniak dabrowski
kozlowski jankowski mazur krawczyk
muller mueller schneider fischer becker schulz koch bauer richter klein wolf schroeder neumann schwarz zimmermann braun kruger
hofmann hartmann lange werner krause lehmann kohler maier huber kaiser fuchs lang scholz moller weiss jung hahn schubert vogel
friedrich keller gunther frank berger winkler roth beck lorenz baumann franke albrecht schuster simon ludwig bohm winter kraus
schumacher kramer vogt stein jager otto sommer gross seidel heinrich brandt haas schreiber graf schulte dietrich ziegler kuhn pohl
engel horn busch bergmann voigt sauer wolff pfeiffer
dubois durand leroy moreau laurent lefebvre michel bertrand roux fournier morel girard mercier dupont lambert bonnet
francois legrand garnier faure rousseau blanc guerin boyer chevalier perrin clement gauthier dumont fontaine lopez robin masson
rossi ferrari esposito bianchi romano colombo ricci marino greco conti gallo costa giordano mancini rizzo lombardi moretti barbieri
fontana santoro mariani rinaldi caruso ferrara galli martini leone longo gentile martinelli vitale lombardo serra coppola
sousa santos oliveira pereira lima carvalho ferreira rodrigues almeida nascimento alves araujo ribeiro gomes barbosa rocha dias
monteiro mendes freitas cardoso teixeira correia moura cavalcanti fernandes goncalves lopes marques pinto
gonzalez fernandez rodriguez garcia sanz iglesias marin navarro dominguez vazquez gil serrano molina blanco suarez rubio ortega
jansen devries vries berg bakker janssen visser smit meijer boer mulder bos vos peeters hendriks dekker dijkstra
andersson johansson karlsson nilsson eriksson larsson olsson persson svensson gustafsson pettersson jonsson hansson bengtsson lindberg
lindstrom jorgensen nielsen pedersen christensen larsen sorensen rasmussen petersen madsen kristensen olsen thomsen hansen johansen
korhonen virtanen makinen nieminen makela hamalainen laine heikkinen koskinen jarvinen
novak svoboda novotny dvorak cerny prochazka kucera vesely horak nemec nagy kovacs toth szabo horvath varga kiss molnar nemeth farkas
popescu ionescu popa dumitru stan stoica gheorghe rusu munteanu ivanov ivanova petrov petrova sidorov smirnov smirnova kuznetsov
popov vasiliev sokolov mikhailov novikov fedorov morozov volkov alekseev lebedev semenov egorov pavlov kozlov stepanov nikolaev
orlov andreev makarov shevchenko kovalenko bondarenko tkachenko kravchenko oliynyk melnyk petrovic jovanovic nikolic markovic
papadopoulos nikolaidis georgiou yilmaz kaya demir sahin celik yildiz yildirim ozturk aydin ozdemir arslan dogan kilic aslan cetin
khan ahmed ali hussain shah malik sheikh sharma kumar gupta verma mehta reddy rao nair iyer joshi desai chopra kapoor agarwal mishra
pandey yadav das bose banerjee mukherjee chatterjee sen ghosh
zhang liu huang zhao wu zhou xu sun ma zhu hu guo lin he gao luo liang zheng xie tang deng han feng cao peng zeng xiao tian
tanaka suzuki sato takahashi watanabe ito yamamoto nakamura kobayashi kato yoshida yamada sasaki yamaguchi matsumoto inoue kimura
hayashi shimizu saito mori abe ikeda hashimoto ishikawa ogawa goto okada hasegawa fujita park choi jung kang cho yoon jang
lim oh seo shin kwon hwang ahn song hong pham hoang phan vu vo dang bui do ngo duong okafor okonkwo adeyemi mensah owusu boateng
mwangi otieno ndlovu dlamini nkosi cohen levy mizrahi peretz friedman goldberg katz shapiro rosenberg kaplan
`;

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

export const GIVEN_NAMES: ReadonlySet<string> = new Set([...words(GIVEN_WORDS), ...REGIONAL_GIVEN_NAMES]);
export const FAMILY_NAMES: ReadonlySet<string> = new Set([...words(FAMILY_WORDS), ...REGIONAL_FAMILY_NAMES]);

/** Given names in Cyrillic, lower case. */
export const CYRILLIC_NAMES = words(
  'александр алексей сергей дмитрий андрей владимир михаил николай игорь олег юрий виктор павел максим иван роман денис антон артем артём кирилл евгений борис егор никита илья ольга татьяна наталья наталия ирина светлана галина людмила марина нина елена екатерина анастасия юлия дарья ксения полина алина надежда анна мария виктория олександр андрій сергій микола володимир тарас богдан ярослав василь петро георги димитър петър',
);

/** Family names that one Han character writes, the most common of China, Korea and Taiwan. */
export const HAN_FAMILY_NAMES =
  '王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何高林罗羅郑鄭梁谢謝宋唐许許韩韓冯馮邓鄧曹彭曾肖田董袁潘于蒋蔡余杜叶葉程苏蘇魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤김이박최정강조윤장임한오서신권황안송전홍';
/** Japanese family names of two characters. */
export const JAPANESE_FAMILY_NAMES = words(
  '佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 林 斎藤 清水 山崎 森 池田 橋本 阿部 石川 山下 中島 石井 小川 前田 岡田 長谷川 藤田 後藤 近藤 村上 遠藤 青木 坂本',
);
