/* The key log's lines of MIKEY, as keyfiles/README.md defines them. */
#include "keylog_lines.h"

static void test_secrets(void)
{
    static const struct {
        const char *line;
        keylog_label label;
        keylog_selector_kind selector;
        const char *id; /* with id_len octets, or the CSB ID and CS ID */
        size_t id_len;
        uint32_t csb_id;
        uint8_t cs_id;
        size_t secret_len, salt_len;
    } rows[] = {
        {"MIKEY_PSK * " HEX, KEYLOG_MIKEY_PSK, KEYLOG_ANY, NULL, 0, 0, 0, 30, 0},
        {"MIKEY_PSK sip:alice@example.com " TEK, KEYLOG_MIKEY_PSK, KEYLOG_IDENTITY, "sip:alice@example.com", 21, 0, 0, 16, 0},
        {"\tMIKEY_PSK\tpsk#1 \t00\t# one octet\r\n", KEYLOG_MIKEY_PSK, KEYLOG_IDENTITY, "psk#1", 5, 0, 0, 1, 0},
        {"MIKEY_PSK 0x2a " TEK, KEYLOG_MIKEY_PSK, KEYLOG_IDENTITY, "*", 1, 0, 0, 16, 0},
        {"MIKEY_PSK 0x00fF20 " TEK, KEYLOG_MIKEY_PSK, KEYLOG_IDENTITY, "\0\xff ", 3, 0, 0, 16, 0},
        {"MIKEY_PSK 0X00 " TEK, KEYLOG_MIKEY_PSK, KEYLOG_IDENTITY, "0X00", 4, 0, 0, 16, 0},
        {"MIKEY_PSK ** " TEK, KEYLOG_MIKEY_PSK, KEYLOG_IDENTITY, "**", 2, 0, 0, 16, 0},
        {"MIKEY_TPK J\xc3\xbcrgen " TEK, KEYLOG_MIKEY_TPK, KEYLOG_IDENTITY, "J\xc3\xbcrgen", 7, 0, 0, 16, 0},
        {"MIKEY_TPK * " TEK, KEYLOG_MIKEY_TPK, KEYLOG_ANY, NULL, 0, 0, 0, 16, 0},
        {"MIKEY_MPK * " TEK, KEYLOG_MIKEY_MPK, KEYLOG_ANY, NULL, 0, 0, 0, 16, 0},
        {"MIKEY_MPK 5a5a0001 " TEK, KEYLOG_MIKEY_MPK, KEYLOG_CSB, NULL, 0, 0x5a5a0001, 0, 16, 0},
        {"MIKEY_TGK 0x5A5a0001 " HEX, KEYLOG_MIKEY_TGK, KEYLOG_CSB, NULL, 0, 0x5a5a0001, 0, 30, 0},
        {"MIKEY_TGK * " TEK, KEYLOG_MIKEY_TGK, KEYLOG_ANY, NULL, 0, 0, 0, 16, 0},
        {"MIKEY_TGK 0 " TEK, KEYLOG_MIKEY_TGK, KEYLOG_CSB, NULL, 0, 0, 0, 16, 0},
        {"MIKEY_TGK * " HEX ":" SALT, KEYLOG_MIKEY_TGK, KEYLOG_ANY, NULL, 0, 0, 0, 30, 14},
        {"MIKEY_TEK 5a5a0001/1 " TEK ":" SALT, KEYLOG_MIKEY_TEK, KEYLOG_CRYPTO_SESSION, NULL, 0, 0x5a5a0001, 1, 16, 14},
        {"MIKEY_TEK 0xffffffff/255 " TEK, KEYLOG_MIKEY_TEK, KEYLOG_CRYPTO_SESSION, NULL, 0, UINT32_MAX, 255, 16, 0},
        {"MIKEY_TEK 7/0 " TEK, KEYLOG_MIKEY_TEK, KEYLOG_CRYPTO_SESSION, NULL, 0, 7, 0, 16, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s", rows[i].line);
        keylog_entry *entry = parse(rows[i].line);
        g_assert_nonnull(entry);
        g_assert_cmpint(entry->label, ==, rows[i].label);
        g_assert_cmpint(entry->selector, ==, rows[i].selector);
        g_assert_cmpmem(entry->id, entry->id_len, rows[i].id, rows[i].id_len);
        g_assert_cmphex(entry->csb_id, ==, rows[i].csb_id);
        g_assert_cmpuint(entry->cs_id, ==, rows[i].cs_id);
        g_assert_cmpuint(entry->secret_len, ==, rows[i].secret_len);
        assert_counts_up(entry->secret, entry->secret_len, 0);
        g_assert_cmpuint(entry->salt_len, ==, rows[i].salt_len);
        assert_counts_up(entry->salt, entry->salt_len, 0x10);
        keylog_entry_free(entry);
    }
}

static void test_lengths(void)
{
    static const char *const labels[] = {"MIKEY_PSK", "MIKEY_TPK", "MIKEY_MPK", "MIKEY_TGK"};
    static const unsigned accepted[] = {1, 2, 16, 33, 192, 511, KEYLOG_MAX_SECRET};
    for (size_t label = 0; label < G_N_ELEMENTS(labels); label++) {
        for (size_t i = 0; i < G_N_ELEMENTS(accepted); i++) {
            g_autofree char *hex = hex_of(accepted[i]), *line = g_strdup_printf("%s * %s", labels[label], hex);
            keylog_entry *entry = parse(line);
            g_assert_cmpuint(entry->secret_len, ==, accepted[i]);
            assert_counts_up(entry->secret, entry->secret_len, 0);
            keylog_entry_free(entry);
        }
        g_autofree char *hex = hex_of(KEYLOG_MAX_SECRET + 1), *line = g_strdup_printf("%s * %s", labels[label], hex);
        assert_refused(line, strlen(line), "wants 1 to 512 octets");
    }
    for (unsigned tek = 0; tek <= 64; tek++) {
        for (unsigned salt = 0; salt <= 16; salt++) {
            g_autofree char *tek_hex = hex_of(tek), *salt_hex = hex_of(salt);
            g_autofree char *line = g_strdup_printf("MIKEY_TEK 1/1 %s:%s", tek_hex, salt_hex);
            if (tek != 16 && tek != 24 && tek != 32) {
                assert_refused(line, strlen(line), "TEK wants 16, 24 or 32 octets");
            } else if (salt != 12 && salt != 14) {
                assert_refused(line, strlen(line), "salt behind the key wants 12 or 14 octets");
            } else {
                keylog_entry *entry = parse(line);
                g_assert_cmpuint(entry->secret_len, ==, tek);
                g_assert_cmpuint(entry->salt_len, ==, salt);
                assert_counts_up(entry->salt, salt, 0);
                keylog_entry_free(entry);
            }
        }
    }
}

static void test_errors(void)
{
    static const struct {
        const char *line, *reason;
    } rows[] = {
        {"MIKEY_PSK", "selector is missing"},
        {"MIKEY_TEK", "selector is missing"},
        {"MIKEY_PSK alice@lab", "secret is missing"},
        {"MIKEY_PSK " HEX, "secret is missing"},
        {"MIKEY_TPK 0x00", "secret is missing"},
        {"MIKEY_MPK *", "secret is missing"},
        {"MIKEY_TGK 5a5a0001 # " TEK, "secret is missing"},
        {"MIKEY_TEK 5a5a0001/1", "secret is missing"},
        {"MIKEY_PSK 0x " TEK, "begins with 0x"},
        {"MIKEY_PSK 0x123 " TEK, "begins with 0x"},
        {"MIKEY_PSK 0xalice " TEK, "begins with 0x"},
        {"MIKEY_TPK 0x12g4 " TEK, "begins with 0x"},
        {"MIKEY_MPK 0x " TEK, "CSB ID wants"},
        {"MIKEY_MPK 0x123456789 " TEK, "CSB ID wants"},
        {"MIKEY_TGK 123456789 " TEK, "CSB ID wants"},
        {"MIKEY_TGK 5a5a000g " TEK, "CSB ID wants"},
        {"MIKEY_TGK ** " TEK, "CSB ID wants"},
        {"MIKEY_TGK 5a5a0001/1 " TEK, "CSB ID wants"},
        {"MIKEY_TGK " HEX " 5a5a0001", "CSB ID wants"},
        {"MIKEY_TEK * " TEK, "one crypto session"},
        {"MIKEY_TEK 5a5a0001 " TEK, "one crypto session"},
        {"MIKEY_TEK " TEK " 5a5a0001/1", "one crypto session"},
        {"MIKEY_TEK */1 " TEK, "CSB ID wants"},
        {"MIKEY_TEK /1 " TEK, "CSB ID wants"},
        {"MIKEY_TEK 5a5a00011/1 " TEK, "CSB ID wants"},
        {"MIKEY_TEK 5a5a0001/256 " TEK, "CS ID wants"},
        {"MIKEY_TEK 5a5a0001/* " TEK, "CS ID wants"},
        {"MIKEY_TEK 5a5a0001/0x1 " TEK, "CS ID wants"},
        {"MIKEY_TEK 5a5a0001/ " TEK, "CS ID wants"},
        {"MIKEY_TEK 5a5a0001/1/2 " TEK, "CS ID wants"},
        {"MIKEY_PSK * 0", "wants 1 to 512 octets"},
        {"MIKEY_PSK * " TEK "0", "wants 1 to 512 octets"},
        {"MIKEY_TPK tpk-1 0x" TEK, "wants 1 to 512 octets"},
        {"MIKEY_MPK * " BASE64, "wants 1 to 512 octets"},
        {"MIKEY_MPK * " TEK ":" SALT, "wants 1 to 512 octets"},
        {"MIKEY_TGK * " TEK ":", "salt behind the key wants"},
        {"MIKEY_TGK * " TEK ":" SALT "0", "salt behind the key wants"},
        {"MIKEY_TGK * :" SALT, "wants 1 to 512 octets"},
        {"MIKEY_TGK * " SECRET, "wants 1 to 512 octets"},
        {"MIKEY_TEK 5a5a0001/1 " TEK "0", "TEK wants"},
        {"MIKEY_TEK 5a5a0001/1 " TEK SALT, "TEK wants"},
        {"MIKEY_TEK 5a5a0001/1 000102030405060708090A0b0c0d0e0g", "TEK wants"},
        {"MIKEY_TEK 5a5a0001/1 :" SALT, "TEK wants"},
        {"MIKEY_TEK 5a5a0001/1 " TEK ":", "salt behind the key wants"},
        {"MIKEY_TEK 5a5a0001/1 " TEK ":" SALT "0", "salt behind the key wants"},
        {"MIKEY_TEK 5a5a0001/1 " TEK ":101112131415161718191a1b1c1g", "salt behind the key wants"},
        {"MIKEY_TEK 5a5a0001/1 " TEK ":" SALT ":", "salt behind the key wants"},
        {"MIKEY_PSK alice@lab " TEK " " TEK, "has no options"},
        {"MIKEY_TPK * " TEK " kdr=1", "has no options"},
        {"MIKEY_MPK * " TEK " mki=01", "has no options"},
        {"MIKEY_TGK 5a5a0001 " TEK " " SALT, "has no options"},
        {"MIKEY_TEK 5a5a0001/1 " TEK " :" SALT, "has no options"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_refused_in_own_words(rows[i].line, rows[i].reason);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keylog-mikey/secrets", test_secrets);
    g_test_add_func("/keylog-mikey/lengths", test_lengths);
    g_test_add_func("/keylog-mikey/errors", test_errors);
    return g_test_run();
}
