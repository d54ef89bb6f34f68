"""Plain facts behind the built-in word tasks; a word stands in one pair only, so that no pair gives another away."""

from __future__ import annotations

CAPITALS = """
France Paris; Germany Berlin; Italy Rome; Spain Madrid; Portugal Lisbon; Greece Athens; Austria Vienna;
Poland Warsaw; Hungary Budapest; Russia Moscow; Sweden Stockholm; Norway Oslo; Finland Helsinki;
Denmark Copenhagen; Ireland Dublin; Belgium Brussels; Romania Bucharest; Bulgaria Sofia; Serbia Belgrade;
Croatia Zagreb; Slovenia Ljubljana; Slovakia Bratislava; Albania Tirana; Estonia Tallinn; Latvia Riga;
Lithuania Vilnius; Belarus Minsk; Iceland Reykjavik; Cyprus Nicosia; Malta Valletta; Turkey Ankara;
Egypt Cairo; Morocco Rabat; Tunisia Tunis; Libya Tripoli; Sudan Khartoum; Kenya Nairobi; Uganda Kampala;
Rwanda Kigali; Ghana Accra; Nigeria Abuja; Senegal Dakar; Mali Bamako; Niger Niamey; Angola Luanda;
Zambia Lusaka; Zimbabwe Harare; Mozambique Maputo; Botswana Gaborone; Namibia Windhoek; Liberia Monrovia;
Somalia Mogadishu; Madagascar Antananarivo; Cameroon Yaounde; Iran Tehran; Iraq Baghdad; Syria Damascus;
Lebanon Beirut; Jordan Amman; Qatar Doha; Oman Muscat; Armenia Yerevan; Azerbaijan Baku; Georgia Tbilisi;
Uzbekistan Tashkent; Turkmenistan Ashgabat; Tajikistan Dushanbe; Kyrgyzstan Bishkek; Afghanistan Kabul;
Pakistan Islamabad; Nepal Kathmandu; Bhutan Thimphu; Bangladesh Dhaka; Thailand Bangkok; Vietnam Hanoi;
Laos Vientiane; Indonesia Jakarta; Philippines Manila; China Beijing; Japan Tokyo; Mongolia Ulaanbaatar;
Taiwan Taipei; Australia Canberra; Fiji Suva; Canada Ottawa; Cuba Havana; Jamaica Kingston; Haiti Port-au-Prince;
Honduras Tegucigalpa; Nicaragua Managua; Colombia Bogota; Venezuela Caracas; Ecuador Quito; Peru Lima;
Chile Santiago; Uruguay Montevideo; Paraguay Asuncion; Suriname Paramaribo; Guyana Georgetown; Barbados Bridgetown
"""

ANTONYMS = """
hot cold; big small; up down; left right; day night; happy sad; fast slow; high low; open closed; black white;
hard soft; early late; young old; rich poor; strong weak; true false; wet dry; full empty; light dark; long short;
wide narrow; thick thin; deep shallow; clean dirty; cheap expensive; easy difficult; loud quiet; near far;
inside outside; front back; win lose; buy sell; push pull; love hate; begin end; laugh cry; rise fall; come go;
give take; teach learn; arrive depart; import export; increase decrease; maximum minimum; positive negative;
north south; east west; summer winter; top bottom; first last; always never; everything nothing; yes no;
friend enemy; war peace; life death; heaven hell; success failure; profit loss; victory defeat; hero villain;
sunrise sunset; entrance exit; ancient modern; polite rude; safe dangerous; smooth rough; tight loose;
public private; simple complex; guilty innocent; male female; artificial natural; temporary permanent;
vertical horizontal; internal external; majority minority; attack defend; build destroy; remember forget;
float sink; freeze melt; borrow lend; asleep awake; absent present; before after; above below; add subtract;
multiply divide; conceal reveal; expand contract; include exclude; active passive; abstract concrete; even odd;
major minor; senior junior; rural urban; domestic foreign; superior inferior; wild tame; ugly beautiful;
raw cooked; rare common; wise foolish; floor ceiling
"""

PAST_TENSES = """
go went; see saw; take took; give gave; come came; run ran; eat ate; drink drank; sing sang; swim swam; begin began;
write wrote; drive drove; ride rode; rise rose; speak spoke; break broke; choose chose; steal stole; freeze froze;
wake woke; forget forgot; get got; sit sat; win won; hold held; stand stood; understand understood; find found;
bind bound; think thought; bring brought; buy bought; fight fought; catch caught; teach taught; seek sought;
sleep slept; keep kept; feel felt; leave left; lose lost; send sent; spend spent; build built; bend bent; lend lent;
sell sold; tell told; say said; pay paid; make made; hear heard; have had; do did; know knew; grow grew; throw threw;
blow blew; fly flew; draw drew; wear wore; tear tore; swear swore; shake shook; fall fell; meet met; feed fed;
lead led; bleed bled; breed bred; shoot shot; slide slid; hide hid; bite bit; dig dug; stick stuck; strike struck;
swing swung; sting stung; spin spun; hang hung; creep crept; weep wept; sweep swept; deal dealt; mean meant;
dream dreamed; ring rang; sink sank; shrink shrank; spring sprang; cling clung; weave wove; stride strode;
forbid forbade; flee fled; grind ground; wind wound; slay slew; arise arose; become became; light lit
"""


def pairs(table: str) -> list[tuple[str, str]]:
    """The (left, right) words of a table of facts."""
    return [(left, right) for left, right in (entry.split() for entry in table.split(";"))]
