#include "tsig.h"

const char *tsig_status_text(enum tsig_status status)
{
	switch (status) {
#define X(name, text)                                                                                                  \
	case name:                                                                                                     \
		return text;
		TSIG_STATUS_LIST(X)
#undef X
	}
	return "unknown status";
}

const char *tsig_rcode_text(uint16_t rcode)
{
	switch (rcode) {
	case TSIG_RCODE_NOERROR:
		return "NOERROR";
	case TSIG_RCODE_BADSIG:
		return "BADSIG";
	case TSIG_RCODE_BADKEY:
		return "BADKEY";
	case TSIG_RCODE_BADTIME:
		return "BADTIME";
	case TSIG_RCODE_BADTRUNC:
		return "BADTRUNC";
	default:
		return "unknown";
	}
}
