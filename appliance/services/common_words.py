"""Words that a paraphrase may add: they name nothing that a document would have to speak of.

Everything else in a claim (a drug, an organ, a test, a symptom, a place) must stand in the text
that it cites. The list is the general vocabulary of English prose about treatment, so that what is
left over is what is rare; no list of drugs could ever be complete.
"""

from __future__ import annotations

from appliance.sentences.words import STOP_WORDS

COMMON_WORDS = STOP_WORDS | frozenset(
    "according accordingly account achieve act action actual actually add addition additional "
    "additionally adequate administer administered administering administration advice advise "
    "advised affect aim also alternative although amount another anything appear applied apply "
    "appropriate approximately area around aspect associated association available aware base "
    "based basis become been being belong beyond both brief briefly bring call called care "
    "careful carefully carry case cases category caution cautious cautiously certain change "
    "changed characteristic characterized choice choose chosen clinical clinically clinician "
    "clinicians close closely combination combined come compare compared comparison complete "
    "completely component concern concerned concerning condition conditions confirm consider "
    "consideration considered consist consists contain contained contains continue continued "
    "continuing contrast control course current currently daily data define defined depend "
    "dependent depending depends describe described despite detail detailed details determine "
    "determined develop developed development diagnose diagnosed differ difference different "
    "directly discuss discussed disease diseases disorder disorders doctor doctors document "
    "documents dosage dosages dose dosed doses dosing drug drugs due duration each easily effect "
    "effective either else ensure especially essential establish established etc evaluate "
    "evaluated evaluation even event eventually every everyone evidence evident example exist "
    "expect expected experience explain extent fact factor factors far feature features find "
    "finding findings focus follow followed follows form forms found further furthermore general "
    "generally give given gives giving good great group groups guidance guide guideline "
    "guidelines happen health healthcare help helpful helps hence hospital however identified "
    "identify illness illnesses illustrate impact important importantly include included includes "
    "including indeed indicate indicated indicates indicating individual individuals inform "
    "information instance instead instruction instructions intend intended involve involved "
    "involves involving issue item keep kept kind know known large largely later lead leading "
    "leads level levels lie like likely line link list listed little long made main mainly "
    "maintain maintained make makes making manage managed management manner many mean means "
    "measure measures medical medically medication medications medicine medicines mention "
    "mentioned method might moment monitor monitored monitoring move multiple must namely nature "
    "near necessary need needed needs new next normal normally note noted number nurse nurses "
    "obtain obtained occur occurred occurring occurs off offer one onset option options order "
    "original otherwise outcome overall own part particular particularly passage passages patient "
    "patients people per perform performed perhaps period person physician physicians place point "
    "possible possibly potential potentially practice preferably preferred prescribe prescribed "
    "prescriber prescribing prescription present presented presents previous previously probably "
    "problem problems procedure procedures process produce produced product products professional "
    "professionals proper properly proposed provide provided provider providers provides purpose "
    "put range rate rather reach reached reason receive received receives receiving recommend "
    "recommendation recommendations recommended recommends record refer reference regard "
    "regarding regardless regimen regimens regular regularly relate related relation relationship "
    "relatively relevant remain remains report reported reports represent require required "
    "requirement requires respectively response responsible result resulting results return role "
    "same say says schedule section see seek seen select selected separate serve set several "
    "shall should show showed shown shows sign significant significantly signs similar similarly "
    "simple simply single situation small source sources special specific specifically specified "
    "staff stage standard state stated statement states step steps still studies study subject "
    "subjects such suggest suggested suggests suitable summary support sure symptom symptoms "
    "table taken team tell term terms therapeutic therapies therapy therefore thing things think "
    "though through thus time titrate titrated titration together total toward towards treat "
    "treated treating treatment treatments try turn two type types typical typically under "
    "undergo undergoing understand unit until upon useful usual usually value values varies "
    "various vary version very via view want ward way ways well whether whole wide widely will "
    "within word words work would year yes yet".split()
)
