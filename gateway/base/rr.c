#include "base/rr.h"

#include <string.h>

/* What is to be known of a type. */
struct rr_row {
	enum rr_type type;
	size_t rdata_len; /* 0: it varies; then: */
	bool (*is_ours)(struct rdata rdata);
	enum status (*read)(struct text text, uint8_t octets[static RDATA_MAX], size_t *len);
};

/* ---- TXT: one character string, RFC 1035 sections 3.3 and 3.3.14 ---- */

static bool txt_is_ours(struct rdata rdata)
{
	return rdata.len > 0 && rdata.len == 1 + (size_t)rdata.octets[0];
}

static enum status txt_read(struct text text, uint8_t octets[static RDATA_MAX], size_t *len)
{
	if (text.len > UINT8_MAX)
		return STATUS_INVALID;
	octets[0] = (uint8_t)text.len;
	for (size_t i = 0; i < text.len; i++) {
		if (text.octets[i] < ' ' || text.octets[i] > '~')
			return STATUS_INVALID;
		octets[1 + i] = (uint8_t)text.octets[i];
	}
	*len = 1 + text.len;
	return STATUS_OK;
}

/* ---- All of them ---- */

static const struct rr_row rr_rows[] = {
	{.type = RR_A, .rdata_len = 4},
	{.type = RR_AAAA, .rdata_len = 16},
	{.type = RR_TXT, .is_ours = txt_is_ours, .read = txt_read},
};

static const struct rr_row *row_of(unsigned type)
{
	static const struct rr_row none;

	for (size_t i = 0; i < sizeof rr_rows / sizeof *rr_rows; i++) {
		if ((unsigned)rr_rows[i].type == type)
			return &rr_rows[i];
	}
	return &none;
}

bool rr_type_is_ours(unsigned type)
{
	return row_of(type)->type != RR_NONE;
}

size_t rr_rdata_len(enum rr_type type)
{
	return row_of(type)->rdata_len;
}

bool rr_rdata_is_ours(enum rr_type type, struct rdata rdata)
{
	const struct rr_row *row = row_of(type);

	return row->rdata_len ? rdata.len == row->rdata_len : row->is_ours && row->is_ours(rdata);
}

enum status rr_rdata_read(enum rr_type type, struct text text, uint8_t octets[static RDATA_MAX], size_t *len)
{
	const struct rr_row *row = row_of(type);

	return row->read ? row->read(text, octets, len) : STATUS_INVALID;
}
