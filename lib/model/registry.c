#include "model/family.h"

#include <string.h>

#define FAMILY(name) extern const struct family family_##name;
#include "model/families.def"
#undef FAMILY

const struct family *const families[] = {
#define FAMILY(name) &family_##name,
#include "model/families.def"
#undef FAMILY
	NULL
};

const struct family *family_find(const char *name)
{
	for (size_t i = 0; families[i]; i++)
		if (strcmp(families[i]->name, name) == 0)
			return families[i];
	return NULL;
}
