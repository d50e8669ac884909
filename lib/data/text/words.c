/* Stop words: those that hold a sentence together and say little of what it is about. */
#include <string.h>

#include "data/text/token.h"

static const char english[] =
	/* articles, pronouns, determiners */
	"a an the i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers "
	"herself it its itself they them their theirs themselves this that these those who whom whose which what one each every "
	"either neither both all any some such same other another much many more most few less several own "
	/* forms of be, have, do and the modals */
	"am is are was were be been being have has had having do does did doing will would shall should can could may might must "
	"i'm you're he's she's it's we're they're i've you've we've they've i'd you'd he'd she'd we'd they'd i'll you'll he'll "
	"she'll we'll they'll that's there's here's what's who's let's "
	/* prepositions */
	"of at by for with about against between among into onto through during before after above below to from up down in out on "
	"off over under upon within without across along around behind beside beyond near since toward towards till until per via "
	/* conjunctions and small adverbs */
	"and but or nor if because as while than so though although unless whereas whether when where why how then once here there "
	"again further also just only very too quite rather still even ever yet now already perhaps however therefore thus hence "
	"else otherwise";

static const char russian[] =
	/* местоимения и определители */
	"я меня мне мной мною ты тебя тебе тобой тобою он его ему им нём нем она её ее ей ею оно мы нас нам нами вы вас вам вами они их "
	"ими них ним ней нею мой моя моё мое мои моего моей моему моим моих моими твой твоя твоё твое твои наш наша наше наши ваш ваша "
	"ваше ваши свой своя своё свое свои своего своей своему своим своих себя себе собой сам сама само сами этот эта это эти этого "
	"этой этому этим этих этом тот та то те того той тому тем тех том такой такая такое такие такого таких кто кого кому кем ком что "
	"чего чему чем чём который которая которое которые которого которой которых котором какой какая какое какие весь вся всё все "
	"всего всей всем всех каждый любой другой другая другие "
	/* быть и мочь */
	"быть есть был была было были буду будет будут будем будешь бы мочь может могут можно "
	/* предлоги */
	"в во на с со к ко по из изо за от ото до у о об обо при про для под подо над между через без перед после около среди вокруг "
	"кроме из-за из-под "
	/* союзы и частицы */
	"и а но или либо да если чтобы чтоб когда как так пока хотя потому поэтому зато однако же ли ль ведь вот вон уж уже ещё еще "
	"лишь только даже разве неужели пусть тоже также где куда откуда там тут здесь туда сюда тогда теперь сейчас потом затем всегда "
	"иногда очень более менее почти совсем";

const char *stop_list(const char *name)
{
	return strcmp(name, "english") == 0 ? english : strcmp(name, "russian") == 0 ? russian : NULL;
}
