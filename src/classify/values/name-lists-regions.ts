/** Given and family names beyond the most common ones of `name-lists.ts`, by region, and such as are written in other scripts. */

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

/** Latin letters without marks, lower case. */
export const REGIONAL_GIVEN_NAMES = words(`
achim adelheid adolf agathe albrecht alfons alois annegret annelie annelore annemarie ansgar arno babette balthasar barbel beate benedikt
bengt bernhard bertram bodo burkhard carola cordula corinna cornelia cornelius detlef detlev diether dorothee eberhard eckart eckhard edda
edeltraud egon ekkehard elfriede elisabeth elmar emmi engelbert erhard erwin eugen ewald falk ferdinand fiete franziska frauke fridolin
frieda friederike friedhelm gabi gebhard georg gereon gerlinde gernot gero gerold gertrud gesa gesine gitta gottfried gotz gregor grete
gunda gunnar gundula guido hagen hannelore hanno hansjorg harald harro hartmut hartwig hasso hedwig heiko heiner hella helge henning
henriette hermine herta hilde hiltrud hubertus isolde ingo ingolf irmtraud jakob jannik joachim jobst jochen jorn jost josef juliane justus
kathe kathrin kilian klemens konstanze korbinian kordula kuno kunigunde lambert lasse leif levin liane liesel lieselotte liselotte luise
lutz maike malte marlen marlies mathias mechthild meinhard merle michaela mirko niclas nico ortrud oswald ottilie ottmar otmar philipp
raimund rebekka regine reiner reinhold resi ria rieke rosi roswitha rudi sascha severin siegbert siegfried sieglinde sigmar sigurd stefania
steffi sunje theresia thilo till tilman tjark torben traudel traudl traute trude uli ulli undine urs urte uschi uta veit viktoria volkmar
waldemar walburga waltraut wendelin wiebke wieland wilfried wilhelmine willi willy winfried wolfram xaver yannik zenzi adrien albane albin
alexandre alexia alexis alix alienor amandine ambre ambroise anatole angele angelique annick anselme ariane arlette armand armelle arsene
aude augustin auguste aurelien axelle bastien baptiste barnabe barthelemy basile bastienne benedicte berenice berthe bertrand blaise
blandine brice capucine carine carole cecile celestin cesar charlene clarisse claude claudie claudine clea clelia clemence clotilde coline
coralie corentin cyprien cyrille davy desiree dimitri djamila donatien dorian edmond edouard eleonore eliane eliott eloi eloise emeline
emeric emile enguerrand enora ernestine estelle etienne eugenie evelyne eveline fanny fantine faustine felicie felicien fernand fernande
flavie flavien flore florentin floriane france franck francine francisque frederic frederique gabin gaetan gaspard gaston gauthier gautier
geoffroy georges georgette germain germaine ghislain ghislaine gladys gregoire guilhem guy gwenael gwenaelle gwendoline hadrien helene
hortense huguette hugues ignace ilan imane inaya isidore jacky jean-baptiste jeannine jeremie joris josette josiane josselin jocelyne karine
ketty kylian laetitia laure laureline laurence laurine leandre leonore liliane lilou lise loan loic louane louisa louison luc lucette lucien
lucienne ludivine lydie lyse mael maelle maelys magali malo marceau marceline marguerite marie-claude marielle mariette marine marius marthe
martial maryline maryse mathis mathys maxence maximilien melina mickael mireille morgane myriam nadege nathanael nelly ninon noe noelle
nolan oceane octave odilon olympe ombeline ophelie orlane oriane pacome patrice paulette perrine philibert philippine pierrette quitterie
raphaelle raymonde regis remy renaud roch rodolphe rodrigue romane romuald roseline roxane sacha samia samy serge severine sidonie simeon
solange solene solenne steeve suzanne suzette swann sylvain sylvestre tanguy theophile theotime therese thibaud thibaut timothe timothee
titouan urbain ursule valere valerian valery venceslas vianney victoire victorien victorine vincente violaine violette virginie viviane
xaviere yanis yoan yoann ysee yvan yvon zacharie zelie zephyrin abraham abril adan adelaida adolfo adoracion agapito agueda aina ainara
ainhoa ainoa aitana aitor albano alberta alejo alex alfredo almudena alonso alondra amado amalia amaia amaya ambrosio america anabel andoni
anibal anselmo antia apolonia araceli aranzazu arantxa ariadna armando arnau ascension asier asuncion asun augusto aurelio avelina azahara
azucena balbina baltasar bartolome basilio baudilio belen benita benito berenguer bernabe bernarda bernardo berta biel bienvenido blas
bonifacio borja brigida calixto camilo candela candelaria candido caridad carlota carmelo casandra casimiro casilda cayetana cayetano
celestino celina celso cesareo charo cipriano ciriaco cirilo clemente concha conrado constantino constanza consolacion coral corina cosme
covadonga crispin cristobal cuca custodia damaris dani debora delfina demetrio desideria dionisio domingo dominga donato doroteo dulce
edelmira edgardo edmundo efrain efren eider eladio elba eleonora eleuterio eli elia eliseo eloisa eloy emeterio emiliana emiliano encarna
engracia enriqueta epifanio erick ernestina ervigio esmeralda estefania estela estibaliz etelvina eudald eufemia eugenio eulalia eulogio
eusebio eustaquio evaristo evelia ezequiel fabiana fabiola faustino fausto feliciano felicidad felisa fermin fernan fidel fina flavia flavio
florencia florencio florentina florentino florinda fortunato francesc froilan fructuoso fuensanta fulgencio gael garbine gaspar gema
genoveva gerardo german gertrudis gervasio gilberto gines ginesa gonzalo gorka graciela gregoria gregorio griselda guillem guiomar
gumersindo haydee heliodoro henar heriberto hermenegildo herminia herminio hernan hernando hilario hipolito hortensia humberto ibai idoia
ignacia iker ildefonso iluminada imanol inaki indalecio inma inocencio ione irati isabela isaias isidoro isidra isidro israel itziar ivette
izan izaskun jacinta jacinto jacobo jairo janire jaume jaun javiera jazmin jenaro jeremias jeronimo jesica jesus jimena joaquina jokin
jonatan jonay jordi joseba josemaria josep josue josune juan-carlos juanita juanjo judit julieta julio julen justa justina justino justo
katia koldo laia lazaro leire leocadia leoncio leonel leopoldo liberto ligia lisandro lope loreto lourdes luana lucila lucrecia ludovico
macarena macario maialen maider maite malena manel manolo mara marcela marcelina marcelino marcial mariano maribel maricarmen maricela
mariel mariluz mariola marisa maritza marti martino mauricio maxima maximiliano maximino maximo mayte melania melchor melisa meritxell
micaela mikel milagros mireia mirian mirta modesto moises monserrat narcisa narciso natividad nazaret nekane nelida nelson nemesio nerea
nicanor nicasio nicolasa nieves noelia noemi obdulia octavio odalis ofelia olaia olalla olegario olmo omaira onofre oriol oswaldo otilia oto
palmira pancho pascual patricio patrocinio pau paulino pelayo perfecto pere petronila piedad placido plinio policarpo pompeyo porfirio
presentacion priscila prudencio pura purificacion quico quim quintin ramiro rafaela rebeca reinaldo remedios ricard rigoberto roc rodolfo
rogelio roi rolando romina romualdo roque rosalia rosalba rosalinda rosana rosaura rosendo roser rosina roxana ruperto rut sabina sabino
sagrario salvadora samanta samara sancho saturnino saul saturio sebastiana segismundo serafin sergi severiano severo sigfrido silverio
silvestre silvina silvio sixto socorro soledad susana tadeo tarsicio telmo telma teo teodora teodoro teodosio teofilo tiburcio tirso toribio
trini trinidad txema unai unax urbano uriel uxia valeriano vanesa venancio vicenta vicent victoriano vidal vilma violeta virgilio virtudes
viviana wenceslao wilfredo wilson xabier xana xavi xiana xoan xoel yago yaiza yanira yasmina yeray yesenia yoel yon yurena zacarias zaida
zaira zenon zoraida zulema adalgisa adamo addolorata adelmo agnese agostino aida albina alessia alessio alfio alfonsina alida amato ambrogio
amedeo amerigo anastasio andreina angelica angelina annalisa annamaria annarita annunziata antonello antonino apollonia arcangelo arianna
arnaldo assunta attilio augusta ausilia baldassarre bartolomeo battista benedetta benedetto beniamino biagio bice bonaria brando brunella
calogero camillo carmela carmine cataldo catello cesare cesira chiarina cinzia ciro clarissa clementina cleofe clorinda concetta consolata
coralina corrado cosimo costantino costanza cristiana cristiano cristoforo damiano dalila danila danilo desiderio dino diletta domenica
donata donatella doriana dorina dorotea duilio ebe edmondo efisio egidio elda elettra elide elvio emanuela emanuele emilia enea enrica
ermanno ermelinda ermenegildo ermes ermete erminia erminio ernesta ersilia eros euro evelina ezio fabiano fabrizia fabrizio fausta fedele
federigo felice ferdinando ferruccio filiberto filomena fiorella fiorenza fiorenzo flaminia fortunata fosca franca franchino fulvia fulvio
furio gaetana gaetano gaia galileo gaspare generoso gennaro genoveffa germana germano gerolamo gervaso gesualdo giacinta giacinto giacoma
giacomo giada gianfranco gianluigi gianmarco gianna giannina gianpaolo gianpiero gigi gilda gino gioacchino gioele gioia giordana giordano
giovanna girolamo giuditta giuliana giuliano giulietta giulio giuseppa giusi giustina giustino goffredo grazia graziano graziella gualtiero
guglielmo guendalina guerrino guglielmina iacopo ignazia ignazio ilda ilde immacolata innocenzo iolanda ippolito isaia italo iva ivano
ivonne jacopo jole lamberto lazzaro leone leonilda leonida letizia liberato liberata libero libera licia lino livio loredana lorella loris
lucilla lucio lucrezia ludovica luigia luigina luisella maddalena manila manlio manola marcello margherita mariangela marianna marica
mariella marika marilena marilisa marino mariolina marzia marzio massimiliano mattia maurilia maurizio michela michelangelo michelina mimma
mimmo mirco mirella monia morena moreno morgana natale natalina natascia nazareno nazzareno nello nerina nerio nestore nevia nicla nicoletta
nicolo niccolo nilde nives norberto novella nunzia nunziata nunzio oddo odetta odoardo oliva oliviero olimpia oliviera ombretta omero ondina
onofrio orazio oreste orfeo oriana orietta ornella orsola otello ottavia ottavio ottone ovidio palma palmiro paolina pasquale pasqualina
patrizio pellegrino piera pierangelo piercarlo pierfrancesco pierino pierluigi pierpaolo piero pina pino pio pompeo porzia prisca quirino
rachele raffaella raffaele raimondo remigio remo renato renza renzo riccarda rinaldo rino romana romano romilda romolo rosangela rosanna
rosaria rosella rosetta rosita rossana rosy ruggero ruggiero rufino sabato salvatrice samuele santa sante santina santino santo saverio
savino savina sebastiano serafina serafino settimio severina severino sibilla silva silvana silvano silvestro simonetta siro susanna
tarcisio tecla telemaco temistocle teodorico teresina terenzio tino tito tiziana tiziano tobia tommasina tosca tranquillo tristano tullia
tullio ubaldo ulisse umberta umberto valdo valente valentino vanda vania vanna venanzio veronica vincenza violante violetta virginio virna
vitale vittore vittoria vittorio zaccaria abilio acacio adalberto adao adelia adelino ademir adilson admilson adriel afranio agenor
agostinho ailton albertina alcides alda aldair aloisio alvina amadeu amauri ananias anderson andreia angelita antonieta aparecida aparecido
aristides arlete arlindo artur aurea ayrton bartolomeu benedita benedito benicio bento bernadete breno caique caetano carmo cassia cassiano
cassio catia caua celio cicero cintia clarice claudemir claudete claudinei clayton cleber cleide cleiton cleonice cleusa clovis conceicao
cristiane dagoberto daiane dalva damiao darci davi davilson deise deivid delfim denilson deusdete dilma dinis dirce dirceu diva djalma
djanira domingas domingos doralice edileusa edilson edina edinaldo edite edmar edmilson edna edson eduarda elcio elder elidio elina
elisabete elisangela eliseu elisio eliza elizabete elizangela eloa elza elzira erivaldo euclides evaldo evandro everaldo everton expedito
fabricio fernandes filipa filipe florbela francielle franciele frederico genivaldo geovana geralda geraldo gerson getulio gilmar gilson
gilvan giovana giovani gisele giselda gislaine glaucia glauco gleice graca guilherme guilhermina hamilton haroldo hebe heitor helenice
heleno helia helio heloisa herculano hermano higor horacio hortencia iara icaro idalina ieda ilidio inacia inacio iracema iraci irineu
isadora isaura itamar iuri ivete ivone ivonete izabel izabela izaura jaci jacira jair janaina jandira janete jaqueline jefferson jenifer
joelma joice jonatas joselia jovita juarez judite juliano jurema juraci jussara juvenal kaique kaua kauan kauany keila kleber laercio laerte
lais lauro leia lelio leni lenice leonidas leonilde licinio lilia lineu lisandra loreta lourenco lourival luan lucelia lucimar lucilia
lucilene lurdes luzia luzinete madalena magno maiara maicon maira manoel marciano marcilio margarida maria-jose mariane marieta mariluce
marilene marilia marilza marinalva maristela marli marluce martim martinho mateus matheus maxwell mayara meire micheli mirela mirtes moacir
murilo nadir natanael natercia nazare neide neiva nelma nereu neusa neuza newton nicolau nilce nilda nilo nilson nilton nilza nivaldo noemia
odair odete odilia olavo olinda osmar otavio pascoal pietra poliana quiteria raissa raimunda rayane regiane reginaldo rejane rivaldo robson
rogerio rogeria romeu romulo ronaldo roni rosalina roseli rosemeire rosilda rosilene rosimeire rosinha rubens rute salete saulo sebastiao
serafim sidnei silene silveria simao soraia stela stephany suelen sueli suely suzana tabata taina tais tales talita tamires tatiane
teresinha terezinha thaisa thalita tome ubirajara ulisses valdemar valdir valdecir valdirene valentim valmir valter vanderlei vanderleia
vitor wagner waldir wanderley washington wellington wendel zelia zenaide zilda zilma zoraide zuleica zulmira adrianna aldona alicja alojzy
anastazja andzelika aneta aniela antoni antonina arkadiusz arletta asia augustyn bartek bartlomiej bazyli beniamin bernadeta blanka blazej
bogna boguslaw boguslawa boleslaw bogumil bogumila boleslawa bozena bronislaw bronislawa brygida cecylia cezary czeslaw czeslawa dagmara
dagny dobrawa dobroslaw dobroslawa dominik dominika edyta eliasz eryk eugeniusz eustachy eustachia ewelina faustyna feliks ferdynand
filipina franciszek franciszka fryderyk genowefa gertruda gniewko gracja grazyna gustaw henryk henryka hieronim hilary honorata idalia iga
ignacy ireneusz iwo izabella izydor jacek jagna jagoda jakubina janusz jaromir jaropelk jaroslaw jaroslawa jedrzej jeremi jeremiasz jolanta
jozefa jozefina julianna julita juliusz justyna kaja kajetan kalina kamila karol karolina kazimiera klaudia klaudiusz kleofas konstanty
konstancja kordian kornel kornelia kosma krystian ksawery krzesimir kunegunda lech lechoslaw leokadia leonia leonid leslaw leszek lilianna
longina lucja lucjan lucyna ludwik ludwika luiza makary maksym maksymilian malwina marcjanna marlena martyna maryla maryna matylda maurycy
michalina mieczyslaw mieszko mikolaj milosz miron miroslaw miroslawa modest nadzieja narcyz natan nela nikodem nikolas oktawia olgierd
oliwier otylia patrycja patryk pelagia petronela pola polikarp przemko radoslaw radomir rajmund remigiusz roksana roma rozalia roza ryszard
ryszarda seweryn sergiusz slawomir slawomira sobieslaw stanislawa sylwester sylwia sylwiusz szczepan tekla teodor teofil teofila tobiasz
tola tomila tymon tymoteusz tytus urszula ulryka ursyn waclaw waclawa walenty waleria walery walerian wawrzyniec wenancjusz wera weronika
wieczyslaw wieslaw wieslawa wiktor wincenty wincentyna wioletta witold wladyslaw wladyslawa wlodzimierz wojtek zaneta zbyszek zdzislaw
zdzislawa zenobia ziemowit zuzia zygfryd zygmunt zyta zytomir adem akif alican alper alperen altan arda arif arzu asuman atakan atilla ayca
aycan aydan ayhan aykut ayla aylin aynur aysegul aysel aysun aytac aytekin azra bahar bahri banu baran baris basak batuhan bayram bedia
begum belgin bekir belma beliz berat beren berfin beril berk berkay berke berker berrin beste betul beyza bilge binnur birgul birol birsen
bulent burcu burhan burcin bunyamin canan caner cansu cavit celal celil cemal cemil cemile cemre cengiz cenk ceren cevdet ceyda ceyhun
ceylan cigdem cihan cihat coskun cuneyt damla demet derya devrim didem dilan dilara dilek dogan doga duygu ebru eda ekin ekrem elanur elcin
emel emin emir emrah enes engin enver ercan erdal erdem erdinc erdogan eren ergin ergun erhan erkan erkin erol ersan ersin ertan ertugrul
esen esin esma eylul eymen eyup ezgi fadime fahri fahrettin faik faruk fatih fatmanur ferda ferdi ferhat feride ferit feryal fevzi feyza
fidan figen fikret filiz firat fulya funda furkan gamze gizem gokce gokhan gokmen goksel gonca gozde gul gulay gulbahar gulcan gulden gulhan
gulizar gulnur gulsah gulsen gulsum gultekin gunay guner gunes guray gurkan guven guzin hacer haldun halide halime halit haluk hamdi hamit
handan hande harun hasret hayati haydar hayriye hazal hikmet hilal hilmi hulya huri huriye husniye hulusi idil idris ihsan ilayda ilhan
ilkay ilker ilknur ilyas inci ipek irem irfan iskender ismet izzet kaan kadir kadriye kamuran kazim kemal kenan kerim koray korhan kubilay
kubra kumsal kursat kutay lale latif latife levent leyla lutfi mahir mahmut makbule mecit medine melahat melek melih melike melis meliha
meltem meral meric merih mert mesut mete metehan metin mevlut mihriban mine miray mirac muammer muhammed muhammet muharrem muhsin mukaddes
musa muzaffer mualla muge mujdat mujgan mumtaz munevver murvet nahit naime nalan nazan nazim nazli nazmi nazmiye necati necdet necla
necmettin nermin neslihan nesrin nevin nevzat nezahat nihal nihan nihat nilay nilgun nilufer nimet nisa nisanur nuran nuray nurcan nurdan
nurettin nurgul nurhan nuri nuriye nursel nursen nurten oguz oguzhan okan oktay olcay onder onur orcun orhan ozan ozcan ozden ozer ozge
ozgul ozgur ozkan ozlem ozlen oya oyku pakize pelin pelinsu pembe perihan petek pinar poyraz rabia rahime rasim recai recep refik remzi
resul reyhan riza ruhi rukiye rumeysa ruya sabahattin sabri sadettin sadik sadiye safiye sahin saime sait saliha salih salim samet savas
sebnem secil seda sedat sedef sefa sefer seher selahattin selami selcan selcuk selda selen selim selman semih semiha semra sena senem senol
serap sercan serdar serhan serhat serkan serpil serra sertac servet sevda sevgi sevil sevilay sevim sevinc sevval seyda seyfi seyhan seyit
sezai sezen sezer sezgin sibel sidika simge sinan sinem songul sude suat sule suheyla sukran sukriye sukru suleyman sumeyye suna suzan tahir
tahsin talat talha tamer taner tansu tarik tarkan tayfun tayyip tekin teoman tevfik tolga tolgahan toprak tugba tugay tugce tulay tulin tuna
tunahan tuncay turan turgay turgut turhan turkan tuana ugur ulas ulku ulviye umit umut umran unal ushan utku ummu ummuhan vahit vedat vefa
vehbi veli veysel vildan volkan yagiz yagmur yahya yakup yalcin yalin yaman yaprak yaren yasar yasemin yasin yavuz yelda yeliz yesim yigit
yildiray yildirim yilmaz yonca yucel yunus yurdagul yuksel zafer zahide zarife zekeriya zekiye zeki zeliha zerrin zeynel ziya zuhal zubeyde
zuleyha ajay ajit akhil akshay akshara amar amarjit ambika amita amitabh amol amrit amrita anand anindita anirudh anjana ankit ankita ankur
anmol anshul anu anuj anupama anuradha anurag anushka aparna apoorva archana arnav arpit arti aruna arun arvind ashish ashwin ashwini asmita
atul avinash avni ayaan ayush babita balaji bala bharat bharati bhaskar bhavana bhavesh bhavin bhavna bhupendra bhuvan bimal bina bindu
brijesh chandan chandni chandra chandrika charu chetan chetna chhaya chirag daksh damini darshan darshana deepa deepali deepti devansh
devendra devi devika dhananjay dharmendra dhruv dhiraj dhruvi diksha dilip disha divyansh durga eshan esha falguni farhan ganesh ganga
garima gaurang gauri gautam gayatri geetha girish gopal govind gunjan guru hansa hardik harini harish harjeet harleen harsha harshad harshal
harshit heena hema hemant hemlata himanshu hina hiral hitesh ila inder indira indrajit indu ishan ishita ishwar jagdish jagruti jai jaideep
jahnvi janaki janhvi jatin jaya jayant jayanti jayesh jayshree jigar jignesh jitendra jyoti jyotsna kabir kailash kajal kala kalpana kalyani
kamal kamala kamini kamlesh kanchan kanika kapil karishma karthik kartik kartikeya kashish kaushal kaushik kavitha keshav ketaki ketan keya
khushboo khushi kiara kirti kishan kishore komal kriti krishnan krunal kshitij kumud kunal kusum lakshay lakshman lalit lalita lata lavanya
laxmi leela lokesh lopa madan madhav madhavi madhu madhur madhuri mahima maitri malati malini malvika mamta manasi mandar mangesh manisha
manish manju manjula manjunath manjiri mansi manvi mayank mayur mayuri meenakshi megha meghana meghna mihir milind minal mita mithun mitali
mohan mohini mohit mrinal mridula mrunal mukesh mukta mukul munish murali muskan nagaraj naina naman namrata nandini nandita nandkishore
narayan naren narendra naresh naveen neelam neelima neena neeraj neeru neeta neelesh nidhi niharika nilesh nilima nimisha niraj nirav
niranjan nirmal nirmala nishant nishita nitesh nitin nitya nivedita ojas omkar padma padmini palak pallavi pankaj paras parag paresh parimal
parth parul parvati pawan payal piyush poonam poorvi prabha prabhakar prabhat prachi pradeep pradnya prafulla prajakta pramod pranali pranay
pranjal prasad prasanna prashant prashanth prateek pratap pratibha pratik pratima praveen pravin preeti prem prerna priti priyanka priyansh
puja pulkit puneet purnima pushpa rachana rachna radhika raghav raghavan raghu raja rajan rajani rajat rajeev rajendra rajeshwari rajiv
rajkumar rajni raju rakesh rakhi rakshit ram rama raman rameshwar ramya rani ranjan ranjana ranjeet ranjit rashi rashmi ratan ratna raveena
ravindra reema reena renu renuka reshma richa riddhi rishabh rishi rishikesh ritesh ritika ritu rohini rohit roshan roshni ruchi ruchika
rucha rudra rupa rupal rupali rupesh rutuja saanvi sachin sachit sadhana sagar sahana sahil saket sakshi saloni samarth sameer samiksha sana
sandeep sandhya sandip sangeeta sanika sanjana sanjeev sanjiv sanket sankalp santosh sanya sapna sarika saritha sarita saroj saroja sarthak
satish satya saumya saurabh saurav savita savitri seema shailaja shailesh shakti shakuntala shalini sharad sharda sharmila shashank shashi
sheela sheetal shikha shilpa shirish shital shiv shiva shivam shivani shivangi shlok shobha shraddha shravan shreyas shrikant shruti shubha
shubham shubhangi shyam shyamala siddhi simran sitara smita smriti snehal sohan sohini somnath sonal sonali sonam soumya sourav srinivas
srinivasan srikanth sriram subhash subodh subramaniam sucheta suchitra sudha sudhakar sudhanshu sudhir suhani suhas sujata sujatha sujit
sukanya sukhdev sulekha suman sumati sumit sumitra sunanda sundar suneeta supriya suraj surabhi surbhi surekha surendra surya sushant sushil
sushila sushma suvarna swapna swapnil swara tanay tanisha tanmay tanvi tanya tarun tarika tejal tejas tejaswini trisha triveni trupti tulsi
tushar uday ujjwal ujwala umang umesh upasana upendra urmila urvashi utkarsh uttam vaibhav vaidehi vaishali vaishnavi vandana vani vanita
varsha vasant vasanti vasudha vasudev veda vedant veena veer venkat venkatesh vibha vibhuti vidhi vidhya vidya vijaya vijayalakshmi vikrant
vimal vimala vinay vinaya vineet vineeta vinita vinod vinayak vipin vipul viraj viral virendra vishakha vishal vishnu vishwas vivek vrinda
vrushali yamini yamuna yash yashas yashika yashoda yashwant yogesh yogendra yogita yukta yuvraj zeel abayomi abdoulaye abdou abena abeni
abiodun abiola abosede adamu ade adebola adedayo adeola adesina adetokunbo adjoa adwoa afia afua aicha aissatou ajoke akin akinyi akua
akwasi alassane aliou aliyu aluna amadi amadou amaka aminata amina amani anyango asante ashanti assane atieno awa awiti ayanda ayo ayodele
ayodeji ayokunle babajide babatunde bandile baraka bintou binta blessing boitumelo boubacar bolanle bongani bukola busisiwe cheikh chiamaka
chibuike chibuzo chidinma chidiebere chika chikondi chiko chima chimamanda chinelo chinenye chinonso chinwe chipo chisomo chizoba chuka
chukwudi chukwuemeka chukwuma coumba dalitso damilola demba desta djibril dumisani ebele ebere ebuka efua ejike ekene ekow ekundayo elikem
ememba enitan enyonam esi esohe ezinne fanta fatoumata feyisayo folasade funmi funmilayo garba gcina gugu gugulethu habiba haruna hauwa
ibironke ibrahima idrissa ifeanyi ife ifeyinwa ikechukwu ikenna ime iniko isatou issa itumelo iyabo jabari jabulani jelani jengo jide juma
kabelo kadiatou kadidia kagiso kanyinsola karabo kariuki kato kayode keita kelechi kenechi kgosi khadijatou khadim khady khanyisile kipchoge
kiprono kobina kodwo kojo koketso kossi kouame kouassi kudzai kudzanai kwadwo kwaku kwasi kweku lamine lebo lebogang lesedi letlhogonolo
lindani londiwe lonwabo lubanzi lulama luthando lwazi lungile machupe maina makena mamadou mame mandla masego mbali mbaye mboya mmabatho
modou mohale mojisola mondli moussa mpho mthunzi muchiri mugisha mumbi mwende mziwandile nandi naledi nana ndeye ndidi neema neo ngugi
nhlanhla njambi njoroge nkechi nkiru nkosana nkosi nkosinathi nnamdi nneka nnenna nobuhle nokuthula nolwazi nomvula nomzamo nomthandazo
nonhlanhla nothando nozipho nqobile ntando ntombi nuru nyah nyambura nyasha nyokabi obi obiageli obioma oboh ochieng odion oghenekaro
okechukwu okello okoro olabisi oladele olamide olanrewaju olayinka olu olubunmi olufemi olufunke olumide olusegun oluwadamilola oluwafemi
oluwakemi oluwaseyi oluwatobi oluwatosin omolara omotola onyeka onyinye opeyemi osagie osas osei ouma oumar ousmane palesa pape penda
phindile pontsho pumla refilwe reneilwe retha rudo rumbidzai ruvimbo saidou salif salimata samba sanele sani sefu segun sekou sello selam
senzo serwaa seydou seyi shaka shamiso shingai sibongile sibusiso sifiso sindisiwe siphiwe siphokazi sithembiso siyabonga sizwe soumaila
suleiman tafadzwa takunda tandi tanaka tapiwa tariro tatenda tawanda temba temidayo tendai tendekai thabang thabiso thandeka thandi thandiwe
thapelo thembi thobile thokozani thulani tijani tinashe titilayo tobenna tolu tomiwa toyin tsepo tshepo tsholofelo tumelo tumi uchechukwu
uchenna ugochi ugonna unathi uzoma wambui wangari wanjiku wanza wekesa wole xolani xolile yaa yakubu yemi yetunde yewande yohannes zaid
zandile zodwa zola zolani zukiswa aaltje aart adriaan albertus ankie annechien annemiek annemieke anneloes annet annie ansje antoinette
antoon arend arie arjan arjen arnoud arnout barend bastiaan bauke beatrijs bert bertus boudewijn bouke bram brechtje britt carin carlijn
carolien cees chiel chris christa christel christiaan coen conny cor corine corrie daniek danique debby dick diederik dieuwertje dineke
dinie dorien eefje eelco eelke elly els elsbeth elske evelien evert ewout fieke floor floris fokke frans franciska freek frits fons gerben
gerlof germa gert gertjan gijs gijsbert ginny greetje guus hanneke hannie harm harmen harrie heleen helma hein henny herman hetty huub huib
ien ineke jaap jacco jacoba jan-willem janneke jannes jannie janny jantje jasmijn jef jelle jelmer jenneke jochem jobke joep johanneke
jolanda jolien jonneke joop jos josien joukje jurre kaatje karlijn klaas klaasje koen koenraad koos krijn laurens leendert leen lian lidwien
lien lies liesbeth lieke lieven lijsbeth linde lisanne loes lonneke ludo maartje machteld madelon marga margriet margreet mariet marije
marijke marijn marinka mariska marja marjan marjolein marjolijn marjo marleen marnix martijn mathijs matthijs maurits mechteld melle menno
merel merijn michiel miek mieke mien mies minke mirthe myrthe natascha neeltje nelleke niek nienke noortje paulien petronella pien pim
quinten quirine reinier reinout rianne rick rik rien robbert roel roeland roelof rogier romy ruud schelto sebastiaan sien siebe sietske
sijbren sjaak sjon sofie stijn sybren teun teunis thijmen tijmen tijn tineke titia tjeerd tonny toon trijntje truus tygo veerle wessel wiebe
wieke wietske wil wilco willeke willemijn wineke wybren yme agneta agot aleksi alf allan amund andreas ane anette anna-lena anna-maria
annbritt ante arnfinn arnstein arvid asbjorn ase aslak aslaug asmund astri atle audun bard bente berit bertil birger birgitte birthe bjarne
bjarte bjorg bodil borge borje brage brita bror carl-johan cathrine christer christoffer claes dagfinn ditte dorte dorthe ebbe edvard edvin
egil eilif einar eirik eivind elisabet ellen ellinor elna elof else emelie endre erland erlend erling eskil esko espen evy eyvind fride
fridtjof frode gitte gisle gjermund gro gudmund gunilla gunn gunnel gunvor guttorm hakon halvard halvor hampus hans-erik hedda hedvig helle
hildur hjalmar inga ingalill ingegerd ingemar inger ingunn ingvar isak ivar jan-erik jannicke janne jan-ove jarl jarle jennie jerker jesper
jette johanne jokum jonna joran jorgen jorunn josefin josefine joar karl-erik kathrine katrine kennet ketil kirsti kjartan kjerstin kjetil
klas knud kristian kristine kristoffer lars-erik lave linus lis lisbet lotta lovisa ludvig lykke magne maj malene malin margit margrete
margrethe mari marita marte mats matts melker merete mikaela moa mogens morten nanna nicklas nikolaj oda olaug olaus olof olov olle orjan
osvald ottar ove oystein paal peder pelle pernilla pernille per-erik petter pontus poul preben rakel randi rebecka reidar reidun rikard
rikke ritva roar roald ronja ronny rolv signe sigve siri siv sivert sixten solbritt solfrid staffan stein steinar sten stig stina stine
sture sune svante svend sverre sylvi synnove tage thor thore thorbjorn thorvald tilde tommy tone torbjorn tord tore torger torgeir torhild
torill torleif torkel torunn torvald tove trine troels trond trygve tuva ulf ulrik ulrika ulrikke une unni urban uno valborg vegard vibeke
vidar vidkun vigdis viggo vilde vilhelm viveca vivi yngve ylva aada aapo aarne ahti aila aimo aki arja armi arto asko auli eerika eija eila
erkki esa hannu harri heini henna hilkka ilkka ilmari ilpo inkeri iiro isto jaana jaakko jani jari jarmo joni joonas jorma jouko jouni jussi
juuso jyrki kaarlo kaisa kalle kalervo katri kauko keijo kimmo kirsi kyosti leea leena maarit maija maiju maire marju martti mauri mervi
miia milla mirja mirva mauno niko niilo olli oona outi paavo pasi pentti perttu pertti petri piia pirjo pirkko raija raili raimo rauno reijo
reija riikka riitta risto roope saara saija samuli santeri satu seija seppo sini sirkka sirpa sisko suvi taisto taneli tapio tarja tarmo
teemu teija teppo terhi tero tiina tiia topi tuija tuomas tuomo tytti urho urpo valtteri veera veijo vesa viivi ville vilho vuokko yrjo
alexandra alzbeta andrej anezka antonin aranka blazena bohumil bohumila bohuslav borivoj bretislav bronislava ctibor dalibor darina denisa
dobromila drahomira drahoslava edita eliska evzen frantiska gejza havel hedvika hynek imrich iveta ivona jarmila jarmil jaroslava jindrich
jindriska jirina jitka jolana juraj kristyna kveta kvetoslava kvetuse ladislav ladislava leos libor libuse lidmila lubica lubomir lubomira
lubor ludek ludvik lumir matej matous matus milada miloslav miloslava miluse mirka miroslava mojmir oldrich olina otakar patrik pavla
pavlina pravoslav premysl prokop radana radek radim radka radko radovan radoslav rostislav ruzena sarka silvie slavomir slavka sona
stanislava stepan stepanka svatava svatopluk svatoslav tadeas tatana vaclava vendula verona viera vilem vit viteslav vitezslav vladan
vladena vladimira vladislav vlasta vlastimil vlastimila vratislav zbynek zdena zdenka adorjan agota akos aladar ambrus anett aniko antal
balint barna barnabas bela bendeguz boglarka bertalan borbala botond brigitta csaba csenge csilla csongor denes dezso dorottya elemer emese
erno eszter fruzsina gellert gergely gergo gizella gyorgy gyongyi gyula hajnalka ildiko ivett janos jeno jolan kalman karoly krisztian
krisztina lajos lorand levente lilla lorinc marcell marton matyas mihaly miklos miksa mozes nandor orsolya panna piroska reka szabina
szabolcs szilard szilvia tamas terez timea vilmos zalan zsanett zsofia zsolt zsombor adina adelina alin ana-maria anca aurel aurica bogdana
camelia catalin cezar ciprian claudiu codrin codruta corneliu cosmin costel costin cristi crina dinu doina dorin doru dragos dumitra
ecaterina eduard elisabeta emilian eusebiu fanel flaviu florica florina gavril gelu geanina georgeta georgiana ghita gheorghita grigore
horatiu horia iacob iancu ilie ileana ilinca ionel ionela ionut iulia iulian iuliana iustin larisa laurentiu lenuta leontin liviu luminita
madalina marinela marioara matei mihail mircea miruna narcis neculai nelu nicoleta nicusor niculae octavian oana ovidiu paraschiva petre
petrica petru radu raluca razvan remus ruxandra sabin sanda serban sergiu silviu simion sorin sorina stana steliana stelian tudor tiberiu
traian toma vali valeriu vasilica viorel viorica virgil viorela vladut zamfir zenovia arya aulia bambang bayu cahya citra dedi dian dimas
dini edi eka endang erna fajar galih gunawan hadi hari hendra heru ika indra intan iwan joko kartika ketut komang lestari made mega ngurah
ningsih novi nyoman putra putu rahmat ratih retno rini rizki setiawan slamet suharti sulastri suparman supriyadi susanti sutrisno taufik tri
tuti udin umi utami wayan wulan yanti yudi yuni achara anan anong apichat aroon arthit boonsong chai chaiwat chalerm chanarong chatchai
chayan darunee decha duangjai ekachai fon jintana kamol kanchana kanya kasem kitti kittisak komkrit krit kulap ladda lamai malai malee manee
mongkol montri nadda napat narong naruemon natthaphon nattapong nattaya nattawut ngam nid niran nittaya nong noppadon nutcha orn orathai
pailin panida patcharin phichit piyawat pimchanok pongsak ponlawat porn pornthip prasert pranee prasit prayut preecha rattana rung ruangrit
rungnapa sakchai sakda samart saman sasithorn somboon somchai somjai somkiat somporn somsak somsri sompong sophon sombat suchada suchart
sudarat sunan sunee supaporn suphan surachai suriya surin suthep suwanna suwit tanawat thanaporn thanakorn thanapon thanawat thawat thida
thongchai udom ubon waan wanchai wandee wanida wannapa wanpen waraporn warin wattana weera wichai wichit wilai wimon wirat wirot yada
yaowalak yindee yupa yuthana abdallah abdelaziz abdelkader abdelrahman abdulaziz adel adil adnan afaf ahlam akram alaa ameen amer amin amjad
ammar anas anwar arwa asma asmaa aya ayman aymen ayoub aziz aziza bachir badr bahaa bandar bashar basim basma bushra dania doaa eman essam
fadel fadi fadia fahad fahd faiza fares farida faris farouk fatema fatiha fawzi fayez firas ghada ghaith ghassan habib hadeel hafsa haidar
haitham hala halim halima hamad hamed hamida hanadi hanan hani hania hanin haroun hasna hassna hatem haya hayat haytham hazem heba hicham
hind hisham hoda houda houssem hussam ibtisam ihab ikram ilham imad inas intisar iqbal isam ishaq israa issam jabir jaber jad jafar jalal
jalila jamil jamila jasim jawad joud jumana kamel kamilia karam karima kawthar khalid khalida khalil khawla khadra kholoud labib lamia
latifa layan lubna maha mahdi maher mahmood mai majd majed majid majida makram malak manal mansour maram marwa marwan masoud maysa mazen
moaz mohamad mohsen moncef moustafa mouna mounir mourad muath mubarak muna munir munira murad mustapha mutaz nabil nabila nada nader nadim
nahed nahla naima najat najib najla najwa nasr nawal nawaf nayef nazih nidal nisreen nizar noora noura nouf nuha oday omaima osama othman
ouafa oumaima qais qasim raafat rabab radwan rafat raghad rahaf rahma raid rakan ramzi rand rasha raslan rawan rayan razan reda rehab reham
rida rifat rima rola ruba rula rym saad saadia sabah sabrine sadek safa safaa safiya sahar saida sajid sakina salah saleh salem salima
saloua salwa samah samar sameh samih sanaa saud sawsan sayed shadi shadia shahad shahd shahid shaima shaimaa sharif shatha sherif shireen
siham sihem soad sohaila souad soufiane suad suha suhail sulaiman taha tahani taher talal talib tareq tasneem taysir turki usama wadih wael
wafa wafaa wahid wajdi walaa waleed wasim wassim widad yaser yasir yasser yazan younes yousef yusra zahir zahra zakaria zaki zayd zeina
zeinab zied zineb zouhair
`);

export const REGIONAL_FAMILY_NAMES = words(`
abernathy ackerman ackroyd addison adkins ainsworth albright aldridge allison appleton archer armitage ashby ashford ashworth atherton
atkins atkinson attwood avery ayers bagshaw baldwin ballard bancroft barker barlow barnett barrett barron barrow bartlett barton bateman
baxter beasley beaumont beckett bellamy benson bentley beresford blackburn blackmore blackwell blackwood blair blake bland blevins bolton
booth bostock bourne bowen bowers boyle bracken bradbury bradford bradshaw bramwell brennan brewer briggs brock bromley browning brownlee
bruce bryan buchanan buckley bullock burgess burnett burrows byrd byrne cahill caldwell callaghan calloway calvert cameron cannon carey
carmichael carney cartwright carver cassidy chadwick chambers chandler charlton christie churchill clarke clarkson clayton clements cobb
cochran coffey colbert conner connolly connor conrad conway copeland corbett costello coughlan courtney cowan craig crosby crowley cullen
cummings curran currie curry daly dalton daugherty davenport davidson davies dawson decker delaney dempsey denham dennis denton devlin
dickens dickinson dillon dobson dodd doherty dolan donahue donaldson donnelly donovan dougherty douglas dowling downing doyle draper
driscoll drummond dudley duffy dugan durham dwyer dyer eastwood eaton eldridge elliot emerson erickson fairbanks fairchild farley farrell
faulkner fenton finley finnegan fitzgerald fitzpatrick flanagan fleming fletcher flynn foley forbes forrest forsyth fraser frazier fry
gaines gallagher galloway gamble garner garrison gates gentry gibbons gibbs giles gillespie gilmore gleason glenn glover goddard godfrey
goodman goodwin gould grady grantham greenwood gregory grimes gunn guthrie haley hammond hampton hancock hanna hardin harding hargreaves
harmon harrell harrington hatfield hawthorne haynes healey heath hendricks henson herman hester hewitt hickman higgins hobbs hodge hodges
hodgson hogan holcomb holden holland holloway holman holt hood hooper hopkins hopper horne horton houston howarth howe hubbard huff huffman
hull humphrey hurley hurst hutchinson hyde ingram irwin jacobson jarvis jefferson jennings joyce kavanagh keane kearney keating keegan
keenan keith kemp kendall kenney kent kerr kirby kirk kirkland kirkpatrick kline knowles knox lancaster landry langley larkin leach leblanc
leonard lester levine lindsay lindsey livingston lloyd logan lowe lynn lyons macdonald mack mackay mackenzie mackie maddox mahoney malone
manning marks marsh mathews mathis maxwell maynard mccall mccarthy mccarty mcclure mcconnell mccormick mccullough mcdaniel mcdermott
mcdowell mcfarland mcgee mcgrath mcgraw mcguire mcintosh mcintyre mckay mckee mckenna mckenzie mckinney mcknight mclaughlin mclean mcleod
mcmahon mcmillan mcnamara mcneil mcpherson melton mercer merrill metcalf middleton miles molloy monaghan monroe montague mooney moran
moreland morse mullen mullins murdoch murrell neal newell newman newton nicholson nixon nolan norman norris norton oconnell oconnor odonnell
oneal oneill orr osborn osborne oshea overton parrish parsons pate patton paxton payton pearce pearson peck pemberton pennington petty
phelps pickering pickett potts pratt prescott preston pritchard proctor pruitt pryor quinn radford ralston ramsey randall rankin ratcliffe
rawlings raymond redmond reese regan rhodes richmond riddle riggs rigby ritchie roach robbins roberson robson rosario rosen rossiter rowe
rowland rowley russo rutherford rutledge salter sampson sanderson sawyer schofield schwartz sears sellers sewell sexton shannon shelton
shepherd sheppard sheridan sherman sherwood shields skinner slater sloan spalding spears stafford stanley stanton stephenson sterling
stevenson stokes stout strickland stroud stuart sutherland sutton swanson sweeney sykes talbot tanner tate terrell thorne thornton thorpe
tierney todd townsend travers trevino tuttle tyler underwood upton vance vaughan vaughn vickers vincent waddell wade wakefield waller
walters walton ware warner watts wentworth whalen wheatley whitaker whitehead whitehouse whitfield whitley whitlock whitmore whitney
whittaker wiggins wilcox wiley wilkerson wilkes wilkins wilkinson willard winchester winslow witt wolfe womack woodard woodward wooten wyatt
yates abreu acosta agudo aguado aguirre alarcon albarran alcantara alfaro alonso amado amaral amaro amador anaya andrade angulo antunes
aragon aranda arce arenas arevalo arias armas arroyo arteaga assis avila ayala azevedo baptista barros barroso barragan barrera barrios
bastos batista bautista becerra benavides beltran benitez bermudez bernal berrios blasco bonilla borges borrego botelho bravo brito bueno
bustamante caballero cabello cabral cabrera caceres calderon calvo camacho camara campos cano cantu carmona carrasco carrera carrillo
carrion castano castellanos castilla cerda cervantes chaves cisneros coelho cordero cordoba coronado corral correa cortes crespo cuellar
cuesta cunha damasceno delgadillo domingos domingues duarte duran echeverria elizondo enriquez escobar escudero espinosa esteban esteves
esparza farias faria felix ferreiro ferrer figueroa figueiredo fonseca frias fuentes furtado gallardo gallego gallegos galvan galvez gama
gamez garay garrido gimenez godoy gongora gouveia granados guerra guerreiro guevara guillen hernando herranz herrero hidalgo hinojosa
hurtado ibanez ibarra iglesia izquierdo jaramillo jaimes jorge juarez lara leiva leon lemos linares lins lira llorente lorenzo losada lozano
lugo macedo machado macias madrid madrigal magalhaes maia manzano marcos mariscal marrero marti martins mata mateo mateos matias matos
medeiros meireles melo mello menendez menezes meneses merino meza miguel millan miranda moniz montero montes montoya moraes moreira morais
mosquera mota moya muniz murillo naranjo nava neves negrete nieto nieves nogueira novais novoa nobre ochoa ojeda oliva olivares olivera
olmos orellana orozco osorio otero ovalle pacheco palacios palma paredes parra pascual pastor patino paz pedraza pedrosa peixoto pelaez
peralta perea peres pineda pinheiro pires polanco porras portela portillo posada prado preciado prieto puente puig quevedo quezada quijano
quintana quintanilla quintero quiroga ramalho ramiro rangel rebelo redondo rego rendon resende rezende rey reina reyna riera rincon rivas
robles roca roldan romo roque rosado rosales rosas rueda saavedra saez salcedo saldana salgado salinas salvador sampaio samaniego sanabria
santamaria santana santillan segovia segura seixas sepulveda sevilla sierra simoes siqueira sola solano soler solis solorzano soria sosa
sotelo tapia tavares tejada tejeda tejero tellez toledo toscano trejo trigo trindade trujillo ugarte urbina uribe urrutia valadez valdes
valdivia valencia valente valenzuela valle vallejo valverde varela vasconcelos vasques velasco velazquez velez vera vergara viana vicente
vidal vieira viera vigil vila villalobos villanueva villar villarreal villegas xavier yanez zamora zapata zarate zavala zuniga zurita adam
aubert aubry bailly barbe barbier barre barthelemy baudry bazin benard benoit besson bigot bouchard boucher bourgeois boutin bouvier brunet
carlier caron carpentier carre charles charpentier chauvin clerc colin cordier cousin daniel david delattre delaunay delmas denis deschamps
diallo didier doucet dumas dupuis dupuy duval etienne evrard fabre ferrand fleury gaillard gaudin gautier gay gilles gillet giraud godard
gregoire grondin guichard guillaume guillet guillot guyot hamel hebert herve hoarau hubert huet humbert jacob jacquet jacquot joly julien
kern labbe lacroix langlois lebrun leblond leclerc leclercq lecomte lefevre leger legros lejeune lemaire lemaitre lemoine leveque louis mahe
maillard mallet marchand marechal marie marty mary mathieu maurice menard meunier michaud millet monnier nicolas noel olivier pasquier payet
pelletier perret perrot philippe picard pichon pierre poirier poulain prevost regnier remy renard renaud renault reynaud riviere robert
roger rolland roussel schmitt thibault tessier thierry vallet vasseur verdier abele albers albert altmann arndt bachmann bader barth bartels
baumgartner bayer beckmann behrens bender benz berndt bernhardt betz beyer binder blank blum bock bode bohme bormann born brandl breuer
brinkmann bruckner brunner bucher buchholz burger burkhardt busse christ dahm diehl dietz dorn drescher dressler ebert eberhardt eckert eder
ehlers eichhorn eisele engelhardt erdmann falk feldmann fink fiedler fleischer forster franz freitag freund frey frick fritsch fritz
fritzsche funk furst gabriel gebauer gebhardt geiger geisler gerber gerlach gobel gotz graff greiner grimm gruber grunwald hammer hanke
harms hauser heck heil heine heinemann heinz heller hein hempel hennig henning hermann herold herrmann herzog hess hesse heuer hildebrandt
hille hirsch hoffmann hohmann holz holzer hopf hoppe hubner hummel hunger jakob janzen jost kaestner kahl karl karsten kaufmann keil kessler
kiefer kirchner kirsch klaus klose kluge knoll kolb konig kopp korner koster krieger kroger kruse kuhne kuhnel kummer kunz kunze lauer lenz
lindemann lindner linke lohmann lutz marx mattern maurer mayer menzel merkel merz metz metzger mielke mohr moser muth nagel naumann naumburg
neubert neuhaus niemann noack nolte oswald ott pape petzold philipp pietsch pfeffer pfeifer pfister popp preuss raab rademacher rausch reich
reichel reimann reimer reinhardt reinhold renner reuter richer riedel rieger ritter rohde rosenthal rothe rudolph runge ruf sachs sander
sattler schade schaefer schaller schatz scheffler schenk scherer schick schilling schindler schlegel schlosser schluter schmid schmitz
scholze schott schramm schroter schuler schulze schumann schutz schutze schwab seibert seifert seiler siebert siegel sievers singer sonntag
spengler springer stadler stahl steffen steffens steiner steinmetz stephan stoll storch strauss strobel suss thiel thiele tietz trautmann
ulrich unger urban vetter voss wachter walter walther wegener wegner weidner weigel weis wenzel wendt wenz westphal wetzel wiedemann wiegand
wiese wilde wilhelm wilke wimmer winkelmann witte wittmann wolfram wulf wunderlich zander zeller amato barone basile battaglia bellini
benedetti berardi bernardi bertini bianco bruni bruno caputo carbone castelli cattaneo cirillo colella cosentino costantini damico dangelo
deangelis demarco demartino derosa desantis donati fabbri farina ferraro ferretti ferri fiore fiorentino fiorini fusco gatti giorgi giuliani
grassi grasso graziano grimaldi guerrieri guidi lamberti lucchesi luongo mancuso manfredi marchetti marchi mariotti marra martino mazza mele
melis meloni messina milani monaco monti morelli morandi nardi negri neri orlandi orlando pagano palmieri palumbo parisi pastore pellegrini
pellegrino perna perrone pepe pinna piras poli proietti ricciardi rocca romeo rossetti rossini ruggeri ruggiero salerno salvatore sanna
santi santini sartori scotti serafini silvestri sorrentino spinelli tosi valentini villani volpe zanella zanetti zanotti adamczyk
andrzejewski baran baranowski bak bielecki blaszczyk borkowski borowski brzezinski chmielewski cieslak czajkowski czarnecki czerwinski duda
domanski dudek filipek gajewski glowacki gorecki gorski grabowski grabowska gutowski jablonski jakubowski janik jasinski jaworski
kaczmarczyk kaczmarek kaczynski kalinowski kania karpinski kasprzak klimek kolodziej konieczny kopec kos kosinski kot kowalczyk kowalewski
koziol krajewski krol krupa kubiak kucharski kulik kurek kwiatkowski kwiatkowska laskowski lis lipinski majewski makowski malinowski
marciniak markowski matuszewski michalak michalski mikolajczyk milewski mroz mucha musial nowacki nowicki olszewski ostrowski pawlak
pawlowski pietrzak piotrowski piotrowska polak przybylski przybysz rogowski romanowski rutkowski sadowski sawicki sikora sikorski sobczak
socha sokolowski stachowiak stasiak stepien stankiewicz szczepaniak szewczyk szulc szymczak tomaszewski tomczak urbaniak urbanski walczak
wasilewski wilk witkowski wlodarczyk wojciechowski wrobel wrona wroblewski wysocki zajac zakrzewski zalewski zawadzki ziolkowski acar akbas
akbulut akca akgul akin aksoy aksu aktas alkan altan altin altun arik ates avci aydemir aydogan ayhan balci bayrak bayram bilgin bilgic
bozkurt bulut candan ceylan cinar coban coskun demirci demirel demirtas dincer dogru duman durmaz durmus ekinci elmas erdem erdogan ergin
erol eser genc gok gokce gul guler gumus gunduz gunes gungor gur guven guzel gursoy inan isik kahraman kalkan kandemir karabulut karaca
karadag karahan karakaya karakoc karakus karatas kartal keles keskin kilinc kiraz koca kocak koc korkmaz kose kurt kurtulus kucuk oguz orhan
ozbek ozcan ozen ozer ozgur ozkan ozmen pala peker sezer sezgin simsek solmaz sonmez soylu tas tasci tekin teke tetik toprak topal tuncer
turan turk turgut turkmen tunc ucar uckun uysal unal unlu uslu ustun yalcin yaman yavas yavuz yasar yener yesil yigit yuce yucel yuksel
zengin acharya adhikari ahluwalia anand arora ashok babu bahl bajaj balakrishnan bansal basu batra bedi bhandari bhagat bhardwaj bhargava
bhatia bhatnagar bhattacharya bhatt biswas chadha chahal chakraborty chand chandran chatterji chaturvedi chaudhari chaudhary chauhan chawla
chhabra choudhary choudhury dalal dange dasgupta datta dave deshmukh deshpande devi dhawan dhillon dixit dogra dubey dutta dwivedi gandhi
ganguly garg gaikwad ghoshal goel gokhale gopalakrishnan goswami goyal grewal guha gulati hegde iyengar jadhav jain jaiswal jha kadam kale
kamat kamath kapadia kapur karnik kashyap kaul kaur khanna khatri khurana kohli kothari krishnamurthy krishnan kulkarni lal lakshmanan lamba
luthra madan mahajan maheshwari mahto maity majumdar malhotra mandal mani mathur mehra menon misra mistry mitra modi mohan mohanty mondal
mukhopadhyay murthy nagpal naidu naik nambiar narang narayan narayanan nath negi ojha oza pai panda pande panicker parekh parikh parmar
patil pathak pawar pillai prabhu pradhan prajapati prakash prasad puri purohit raghavan raina rajan rajput raju ram raman ramachandran
ramakrishnan ramanathan rana ranganathan rastogi rathod rathore raut rawal rawat saha sahni sahu saini salvi sarin sarkar sawant saxena
sehgal sethi shastri shenoy shetty shinde shrivastava shukla sikka sinha sodhi solanki soni sood srinivasan srivastava subramaniam
subramanian sundaram suri swamy tandon taneja tare thakkar thakur tiwari tripathi trivedi tyagi upadhyay vaidya varghese varma vasudevan
venkatesan venkataraman vora vyas wadhwa wagh walia abiola abubakar adebayo adegoke adeleke adeola adesina aden adjei afolabi agyeman agyei
aidoo akande akinola akintola akpan amadi amoah ampofo anan ankrah ansah antwi appiah asamoah asante awuah ayodele baah bah baloyi bamba
banda bello berhe bekele bio boadu bonsu chanda chege cheruiyot chikwanha chilufya chima cisse conteh coulibaly danso darko dembele diagne
diakite diarra diop diouf doumbia ebo effah egwu ejiofor eze fall faye fofana gachanja gaye gebremariam getachew girma gueye gumbo gyamfi
haile hadebe ibe ibeh ibrahim idowu igwe iheanacho iroegbu jalloh jallow juma kabila kabore kamara kamau kante kariuki keita khumalo kibet
kimani kiplagat kipkoech kipruto koroma kone konate kouyate kuti langat lawal mabaso mabuza madondo mahlangu maina makau makori manneh
marange masuku mathebula mazibuko mbeki mbewe mbuyi mkhize mohammed mohamud mokoena molefe moloi moyo mthembu mugabe muhammad mukasa mulenga
musa mutasa mutua mwale mwanza mwenda ncube ndegwa ndiaye ndour ngcobo ngugi njenga njoroge njoku nkrumah nkuna nnamdi nwachukwu nwankwo
nwosu nyambura nyathi nzuzo obi odhiambo odinga ofori ogbonna ogunleye ogunbanjo ojo oduya okeke okello okoli okonjo okoro okoye okpara ola
oladipo olatunji oluoch omar omondi ondieki ongeri onyango opoku osei osman ouattara ouedraogo oyelaran oyedepo phiri quaye radebe rono
saidu sall sane sanogo sarpong sarr seck sesay sibanda sillah simba sithole sissoko sow sowe sylla tadesse tagoe tembo tesfaye thiam
tiemtore toure traore tshabalala udeh udo ugwu umar uwais wafula wambua wangila wanjala were xaba yeboah zongo zulu zuma zwane aalders
arends beekman berends bergsma boersma boogaard boon bosch bosman bouwman brands brink brouwer bruin bruins buijs cornelissen dam dijk
dijkman doorn driessen elzinga evers fransen geerts gerritsen groen haan hermans heuvel hoekstra hofman houten huisman jonker jong kampen
klaassen kok kooij koopman kuijpers kuipers laan langen leeuwen loon maas martens meulen michiels mol molenaar nijhof noort nuijten
oosterhout otten polman postma quist reijnders rijn roos ruiter schaap scholten schouten schipper segers sikkema sloot smeets smits snijders
spek staal stam straten stuurman tak terpstra timmerman timmermans tol tuin veenstra velde verbeek verhoeven vermeer vermeulen verhagen
verschuren vliet vlist vonk vroom walraven weert wever wiersma wijk willems wolters woude zanden zeeman zijlstra aas ahlberg ahlstrom
akesson alm almqvist amundsen andreassen arvidsson asplund aune axelsson backman berge berggren berglund bergman bergqvist bergstrom
birkeland bjork bjorklund blom blomqvist boman borgstrom brekke bruun carlsen carlsson christiansen claesson claussen dahl dahlberg dahlgren
dahlin dahlstrom danielsson edlund ekberg eklund ekman ekstrom eliasson engstrom enger eng englund engen ericsson fagerberg forsberg
forslund fransson frederiksen fredriksson frisk friis frydenlund gabrielsson granberg gran granlund gundersen gustavsen gustavsson haagensen
haga hagen halvorsen hallberg hanssen haugen hedberg hedin hedlund hedstrom helgesen hellstrom henriksen henriksson hermansson hjelm hoel
holmberg holmgren holmqvist holmstrom holst hultgren hult ingebrigtsen isaksen isaksson iversen jacobsen jacobsson jakobsen jakobsson
jansson jensson jeppesen jepsen jespersen johannessen johnsen jonasson juhl justesen karlsen kjaer kjeldsen knudsen kolstad kristiansen
kristensson krogh kvist lagerstrom landgren lauritsen laursen lilja lind lindahl lindgren lindholm lindqvist lindvall ljung ljungberg loken
lofgren lundberg lunde lundgren lundin lundqvist lundstrom magnussen magnusson malm malmberg martensson martinsen mathiesen mathisen
mattsson mikkelsen moen molin mortensen munk myhre naess nilsen norberg nordin nordstrom norgaard norling nyberg nygaard nygard nylund nyman
nystrom oberg odegaard ohlsson ohman oien olofsson osterberg ostergaard osterlund ottosson overgaard pallesen paulsen paulsson pehrsson
poulsen ravn ringdal rod roland ronning ronnberg rosenqvist ruud rydberg ryden samuelsson sandberg sandstrom selander simonsen sjoberg
sjogren sjoholm sjostrom skoglund skov soderberg sodergren soderlund soderstrom solberg solheim solli stenberg strandberg stromberg sundberg
sundqvist sundstrom svendsen svenningsen sveen tangen thorsen thorstensen thygesen tornqvist tveit ulriksen vestergaard vik vikstrom
villadsen wahlstrom wallin wallgren wennberg westberg westerlund wiberg wikstrom winther ahonen anttila aho ahola aalto eskelinen halonen
hakala hakkarainen harju heikkila heinonen hiltunen hirvonen huttunen hyvonen ikonen jaakkola jokinen juvonen kallio karjalainen karppinen
karvonen kettunen kinnunen kiviniemi koivisto kokkonen kolehmainen kosonen kukkonen laaksonen laakso lahti lahtinen laitinen lappalainen
lehtinen lehtonen lehto leinonen leppanen lindroos linna luoma manninen mantyla markkanen mattila miettinen mikkola moilanen mustonen
mykkanen niemela niemi niskanen nurmi nurminen nykanen ollila ojala oksanen paananen pasanen pekkarinen peltola peltonen pesonen pitkanen
puustinen rantala rantanen rasanen rinne rissanen ronkainen ruotsalainen saarinen saari salminen salmi salo salonen savolainen seppala
sillanpaa sipila suominen tamminen tanskanen tikkanen timonen toivonen tuominen tuomi turunen vaisanen valkonen vainio vanhala vartiainen
vesterinen vuorinen ylonen bartos beran bilek blaha blazek bures capek cermak cizek dolezal dostal fiala filip hajek hanak havel havlicek
hlavac hrubes hruska jelinek janda jezek kadlec kalina kohout kolar kopecky kovar kratochvil krejci kriz kubat kubes kudrna liska machacek
mares marek matejka matousek moravec musil navratil nemcova novakova novotna pavlik pokorny pospisil prochazkova reznik ruzicka sebesta
sedlacek sedlak simek skala slavik soukup stastny stepanek stejskal svec svobodova sykora tichy toman vacek vanek vasicek vavra vlcek vlk
vondra zeman zelenka dvorakova cernak hudak kovacik kucerova pokorna bartova jelinkova hajkova kralova ruzickova fialova benes benesova
adaskevic antal bako balazs balint balogh barta biro bodnar bognar borbely csonka deak dudas erdos fabian fazekas fekete feher fodor fulop
gal gaspar gulyas hajdu halasz hegedus illes jakab juhasz katona kelemen kerekes kertesz kiraly kis kocsis kolozsi kozma lakatos lengyel
lukacs magyar marton mate meszaros mezei mohacsi nemes olah orban orosz orsos papp pasztor pinter racz sandor sipos somogyi soos szalai
szekely szekeres szilagyi szucs takacs tamas torok veres vincze albu anghel apostol avram balan barbu bejan bogdan boboc bratu bucur calin
chirila chiriac ciobanu cojocaru constantin costache cozma craciun cretu cristea croitoru danila diaconu dinu dobre dragan dragomir
dumitrescu enache ene florea gavrila georgescu grigore iacob ionita iordache ivan lungu lupu manea manole marinescu matei mihai mihalache
miron mitrea mocanu moldovan moldoveanu morar muresan musat neagu neacsu nedelcu negru nica niculescu nistor nita olaru olteanu oprea
paduraru pana parvu pavel petcu petrescu pirvu popovici preda prodan radu radulescu rosu rotaru sandu simion sirbu stanciu stefan stoian
stroe suciu tanase toma trandafir trif tudor tudose turcu ungureanu ursu vasile vasilescu visan voicu zaharia
`);

/** In their own scripts, lower case where there is one. */
export const OTHER_SCRIPT_NAMES = words(`
สมชาย สมหญิง ประเสริฐ วันดี อนันต์ มาลี สมศักดิ์ สมพร สมบูรณ์ สุชาติ สุรชัย วิชัย ประยุทธ์ ธนากร กิตติ ณัฐพล ณัฐวุฒิ พิมพ์ชนก สุดา นิภา อรทัย กมล ปรีชา ชัยวัฒน์ วรรณา รัตนา สุภาพร นภา จันทร์เพ็ญ พรทิพย์ ศิริพร อภิชาติ ธีรพงษ์ เกียรติศักดิ์ มานะ มานี ปิติ ชูใจ
রহিম করিম আব্দুল ফাতেমা আয়েশা সুমন রাজু শফিক নাসরিন সালমা তানভীর মোহাম্মদ
முருகன் லட்சுமி குமார் செல்வி ராஜா மீனா கார்த்திக் பிரியா
გიორგი დავით ნინო მარიამ ლევან ანა თამარ
Արամ Անի Դավիթ Մարիամ Արմեն Հասմիկ Գայանե Տիգրան
محمد أحمد احمد محمود علي حسن حسين عمر عثمان خالد يوسف إبراهيم ابراهيم عبدالله عبد عبدالرحمن عبدالعزيز سعيد سعد سالم سلمان سليمان صالح صلاح طارق ماجد ناصر فهد فيصل سلطان تركي بندر مشعل نايف وليد ياسر ياسين زياد زيد رامي سامي سمير كريم مصطفى جمال كمال هشام حسام عصام عماد أنس أيمن بلال باسم بسام جابر جعفر حمزة حمد راشد رائد ربيع رضا شادي شريف عادل عامر غسان فادي فارس فراس قاسم لؤي مازن مالك مروان معاذ منصور منير موسى نبيل نادر نزار هاني وائل يحيى
فاطمة عائشة خديجة مريم زينب سارة نورة نور ليلى هدى هند منى أمل أميرة إيمان ايمان إسراء آية آلاء أسماء بسمة جميلة حنان دعاء دينا رانيا رنا رحمة ريم زهرة سعاد سلمى سمر سميرة سهام شيماء صفاء عبير غادة لينا لطيفة مها نادية ندى نجلاء نهى هالة هبة وفاء ياسمين يسرا
γιώργος γεώργιος δημήτρης δημήτριος νίκος νικόλαος κώστας κωνσταντίνος γιάννης ιωάννης παναγιώτης χρήστος βασίλης βασίλειος θανάσης αθανάσιος μιχάλης μιχαήλ σπύρος στέλιος σταύρος ανδρέας αντώνης αλέξανδρος άγγελος απόστολος ηλίας θωμάς θεόδωρος λευτέρης μανώλης μάριος νεκτάριος πέτρος παύλος σωτήρης στέφανος φώτης χαράλαμπος
μαρία ελένη κατερίνα αικατερίνη βασιλική σοφία αναστασία αγγελική γεωργία δήμητρα ευαγγελία ιωάννα ειρήνη άννα χριστίνα παρασκευή κωνσταντίνα αλεξάνδρα αθηνά δέσποινα ευτυχία ζωή θεοδώρα ιουλία καλλιόπη μαργαρίτα νίκη ουρανία παναγιώτα στέλλα φωτεινή χρυσούλα βασιλεία ελευθερία σταυρούλα στυλιανή
דוד משה יוסף אברהם יצחק יעקב חיים שלמה שמואל דניאל מיכאל אליהו אהרון מרדכי שמעון ראובן יהודה בנימין נתן עמית עידו איתן אורי אריאל גיא רון רועי אלון תומר עומר נועם יובל אסף ירון אבי יוסי משה צבי שרה רחל לאה רבקה מרים אסתר חנה רות נעמי תמר מיכל יעל נועה שירה מאיה טל ענת אורית דנה עדי הילה ליאת אביגיל תהילה גלית שרון איילת אפרת ורד
राहुल अमित सुनील अनिल संजय विजय राजेश मनोज विकास अजय दीपक राकेश सुरेश रमेश महेश दिनेश मुकेश अरुण आशीष अभिषेक रोहित मोहित सचिन संदीप प्रदीप प्रकाश राज रवि राम श्याम कृष्ण गणेश हरीश नरेश नितिन पंकज विनोद विवेक योगेश अंकित आकाश अर्जुन करण कुणाल गौरव मयंक निखिल सौरभ हिमांशु
प्रिया पूजा नेहा अंजलि सुनीता कविता अनीता गीता सीता राधा रेखा मीना सीमा संगीता ममता आरती ज्योति किरण कोमल मधु माया मीरा निशा पायल रानी रश्मि रीना रितु सपना शिल्पा शोभा श्वेता स्नेहा सोनिया सुषमा उषा वर्षा दिव्या काजल लक्ष्मी पार्वती सरिता सविता
`);

/** Family names of Vietnam, which stand first. */
export const VIETNAMESE_FAMILY_NAMES: ReadonlySet<string> = new Set(
  words('nguyen tran le pham hoang huynh phan vu vo dang bui do ho ngo duong ly dinh trinh mai dao luu cao lam luong'),
);
