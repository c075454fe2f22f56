#include "sessions/mikey_step.h"

#include <glib.h>
#include <openssl/crypto.h>

#include <string.h>

/* Key, salt and SPI stand behind the step, one after the other. */
typedef struct {
    mikey_step step;
    size_t octets_len;
    uint8_t octets[];
} step_box;

static octet_span put(uint8_t **at, octet_span octets)
{
    if (!octets.data)
        return (octet_span){NULL, 0};
    octet_span copy = {*at, octets.len};
    if (octets.len)
        memcpy(*at, octets.data, octets.len);
    *at += octets.len;
    return copy;
}

static void name_key(octet_span key, char fingerprint[KEY_FINGERPRINT_LEN + 1])
{
    if (key.len)
        key_fingerprint(key.data, key.len, fingerprint);
}

mikey_step *mikey_step_new(const char *name, mikey_step_source source, const mikey_step *from, octet_span key,
                           octet_span salt, octet_span spi)
{
    size_t len = key.len + salt.len + spi.len;
    step_box *box = g_rc_box_alloc0(sizeof(step_box) + len);
    uint8_t *at = box->octets;
    mikey_step *step = &box->step;
    box->octets_len = len;
    step->name = name;
    step->source = source;
    step->from = from ? mikey_step_ref(from) : NULL;
    step->cs_id = -1;
    step->kind = MIKEY_STEP_OTHER;
    step->key = put(&at, key);
    step->salt = put(&at, salt);
    step->spi = put(&at, spi);
    name_key(key, step->fingerprint);
    name_key(salt, step->salt_fingerprint);
    return step;
}

mikey_step *mikey_step_derive(const char *name, const char *function, const mikey_step *from, mikey_prf prf,
                              const mikey_label *label, size_t len)
{
    uint8_t *octets = g_malloc0(len);
    mikey_step *step = NULL;
    if (mikey_derive(prf, from->key, label, octets, len)) {
        step = mikey_step_new(name, MIKEY_FROM_PRF, from, (octet_span){octets, len}, from->salt, from->spi);
        step->function = function;
        step->kind = from->kind;
    }
    OPENSSL_cleanse(octets, len);
    g_free(octets);
    return step;
}

const mikey_step *mikey_step_ref(const mikey_step *step)
{
    return g_rc_box_acquire((gpointer)step);
}

static void clear(gpointer data)
{
    step_box *box = data;
    mikey_step_unref(box->step.from);
    OPENSSL_cleanse(box->octets, box->octets_len);
}

void mikey_step_unref(const mikey_step *step)
{
    if (step)
        g_rc_box_release_full((gpointer)step, clear);
}
