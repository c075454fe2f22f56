/* The key log's lines of direct communication, as keyfiles/README.md defines them. */
#include "keylog_lines.h"

static void test_secrets(void)
{
    static const struct {
        const char *line;
        keylog_entry expected;
    } rows[] = {
        {"D2D_KD * " HEX, {.label = KEYLOG_D2D_KD, .selector = KEYLOG_ANY, .secret_len = 30}},
        {"D2D_KD deadBEEF " HEX, {.label = KEYLOG_D2D_KD, .selector = KEYLOG_KD, .kd_id = 0xdeadbeef, .secret_len = 30}},
        {"D2D_KD 0x7 " TEK, {.label = KEYLOG_D2D_KD, .selector = KEYLOG_KD, .kd_id = 7, .secret_len = 16}},
        {"D2D_KD 00000000 " TEK, {.label = KEYLOG_D2D_KD, .selector = KEYLOG_KD, .secret_len = 16}},
        {"\tD2D_KDSESS\t* \t" HEX "\t# lab\r\n", {.label = KEYLOG_D2D_KDSESS, .selector = KEYLOG_ANY, .secret_len = 30}},
        {"D2D_KDSESS 7b31 " HEX,
         {.label = KEYLOG_D2D_KDSESS, .selector = KEYLOG_KD_SESS, .kd_sess_id = 0x7b31, .secret_len = 30}},
        {"D2D_KDSESS 0xFFFF " TEK,
         {.label = KEYLOG_D2D_KDSESS, .selector = KEYLOG_KD_SESS, .kd_sess_id = 0xffff, .secret_len = 16}},
        {"D2D_PEK * " TEK, {.label = KEYLOG_D2D_PEK, .selector = KEYLOG_ANY, .secret_len = 16}},
        {"D2D_PEK 1 " TEK, {.label = KEYLOG_D2D_PEK, .selector = KEYLOG_KD_SESS, .kd_sess_id = 1, .secret_len = 16}},
        {"D2D_PIK * " TEK, {.label = KEYLOG_D2D_PIK, .selector = KEYLOG_ANY, .secret_len = 16}},
        {"D2D_PIK 0x0a2 " TEK, {.label = KEYLOG_D2D_PIK, .selector = KEYLOG_KD_SESS, .kd_sess_id = 0xa2, .secret_len = 16}},
        {"PROSE_PGK f00123/05 " HEX,
         {.label = KEYLOG_PROSE_PGK, .selector = KEYLOG_PGK, .group_id = 0xf00123, .pgk_id = 5, .secret_len = 30}},
        {"PROSE_PGK 1/10 " TEK,
         {.label = KEYLOG_PROSE_PGK, .selector = KEYLOG_PGK, .group_id = 1, .pgk_id = 0x10, .secret_len = 16}},
        {"PROSE_PGK 0xFFFFFF/0xff " TEK,
         {.label = KEYLOG_PROSE_PGK, .selector = KEYLOG_PGK, .group_id = 0xffffff, .pgk_id = 255, .secret_len = 16}},
        {"SDES_K1 * " TEK, {.label = KEYLOG_SDES_K1, .selector = KEYLOG_ANY, .secret_len = 16}},
        {"SDES_K2 * " TEK SALT, {.label = KEYLOG_SDES_K2, .selector = KEYLOG_ANY, .secret_len = 16, .salt_len = 14}},
        {"SDES_K1 00a001-00B002 " TEK SALT,
         {.label = KEYLOG_SDES_K1, .selector = KEYLOG_L2_PAIR, .initiator = 0xa001, .responder = 0xb002, .secret_len = 16,
          .salt_len = 14}},
        {"SDES_K2 fffffe-000000 " TEK,
         {.label = KEYLOG_SDES_K2, .selector = KEYLOG_L2_PAIR, .initiator = 0xfffffe, .secret_len = 16}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const keylog_entry *expected = &rows[i].expected;
        g_test_message("%s", rows[i].line);
        keylog_entry *entry = parse(rows[i].line);
        g_assert_nonnull(entry);
        g_assert_cmpint(entry->label, ==, expected->label);
        g_assert_cmpint(entry->selector, ==, expected->selector);
        g_assert_cmphex(entry->kd_id, ==, expected->kd_id);
        g_assert_cmphex(entry->kd_sess_id, ==, expected->kd_sess_id);
        g_assert_cmphex(entry->group_id, ==, expected->group_id);
        g_assert_cmphex(entry->pgk_id, ==, expected->pgk_id);
        g_assert_cmphex(entry->initiator, ==, expected->initiator);
        g_assert_cmphex(entry->responder, ==, expected->responder);
        g_assert_null(entry->call_id);
        g_assert_cmpuint(entry->secret_len, ==, expected->secret_len);
        assert_counts_up(entry->secret, entry->secret_len, 0);
        g_assert_cmpuint(entry->salt_len, ==, expected->salt_len);
        assert_counts_up(entry->salt, entry->salt_len, 0x10);
        keylog_entry_free(entry);
    }
}

/* All that is not quite a pair of Layer-2 IDs. */
static void test_call_ids(void)
{
    static const char *const call_ids[] = {
        "a84b4c76e66710#1@pc33.example.com", "**", "00a001", "00a001-", "-00b002", "00a001-00b00", "0a001-00b002",
        "00a001-00b00g", "g0a001-00b002", "00a001-00b002-", "00a001-00b002-0", "00a001-00b0-2", "-0a001-00b002",
        "0000a001-00b002", "0x00a001-0x00b002", "0x0001-00b002", "00a001/00b002", "00a00100b002", "call=a84b",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(call_ids); i++) {
        g_autofree char *line = g_strdup_printf("SDES_K%u %s " TEK, 1 + (unsigned)i % 2, call_ids[i]);
        keylog_entry *entry = parse(line);
        g_assert_cmpint(entry->selector, ==, KEYLOG_CALL);
        g_assert_cmpstr(entry->call_id, ==, call_ids[i]);
        g_assert_cmphex(entry->initiator, ==, 0);
        g_assert_cmphex(entry->responder, ==, 0);
        keylog_entry_free(entry);
    }
}

/* Of 0 to 80 octets, those from `least` to `most` are taken. */
static void assert_lengths(const char *label_and_selector, unsigned least, unsigned most, const char *reason)
{
    for (unsigned len = 0; len <= 80; len++) {
        g_autofree char *hex = hex_of(len);
        g_autofree char *line = g_strdup_printf("%s %s", label_and_selector, hex);
        g_autofree char *odd_line = g_strdup_printf("%s0", line);
        if (len < least || len > most) {
            assert_refused(line, strlen(line), len == 0 ? "secret is missing" : reason);
        } else {
            keylog_entry *entry = parse(line);
            g_assert_cmpuint(entry->secret_len, ==, len);
            assert_counts_up(entry->secret, len, 0);
            g_assert_cmpuint(entry->salt_len, ==, 0);
            keylog_entry_free(entry);
        }
        if (len > 0)
            assert_refused(odd_line, strlen(odd_line), reason);
    }
}

static void test_lengths(void)
{
    assert_lengths("D2D_KD *", 16, 32, "wants 16 to 32 octets");
    assert_lengths("D2D_KDSESS 1", 16, 32, "wants 16 to 32 octets");
    assert_lengths("PROSE_PGK 1/1", 16, 32, "wants 16 to 32 octets");
    assert_lengths("D2D_PEK 1", 16, 16, "want 16 octets");
    assert_lengths("D2D_PIK *", 16, 16, "want 16 octets");
}

static void test_sdes_lengths(void)
{
    static const struct {
        unsigned key, salt;
    } lengths[65] = {
        [16] = {16, 0},  [24] = {24, 0},  [32] = {32, 0},  [28] = {16, 12},
        [30] = {16, 14}, [38] = {24, 14}, [44] = {32, 12}, [46] = {32, 14},
    };
    static const char *const labels[] = {"SDES_K1", "SDES_K2"};
    for (size_t label = 0; label < G_N_ELEMENTS(labels); label++) {
        for (unsigned len = 1; len < G_N_ELEMENTS(lengths); len++) {
            g_autofree char *hex = hex_of(len), *line = g_strdup_printf("%s * %s", labels[label], hex);
            if (lengths[len].key == 0) {
                assert_refused(line, strlen(line), "master key wants 16, 24 or 32 octets");
                continue;
            }
            keylog_entry *entry = parse(line);
            g_assert_cmpuint(entry->secret_len, ==, lengths[len].key);
            assert_counts_up(entry->secret, entry->secret_len, 0);
            g_assert_cmpuint(entry->salt_len, ==, lengths[len].salt);
            assert_counts_up(entry->salt, entry->salt_len, lengths[len].key);
            keylog_entry_free(entry);
        }
    }
}

static void test_errors(void)
{
    static const struct {
        const char *line, *reason;
    } rows[] = {
        {"D2D_KD", "selector is missing"},
        {"SDES_K1", "selector is missing"},
        {"D2D_KD " HEX, "KD ID wants"},
        {"D2D_KDSESS *", "secret is missing"},
        {"D2D_PEK 7b31 # " TEK, "secret is missing"},
        {"PROSE_PGK f00123/5", "secret is missing"},
        {"SDES_K1 " HEX, "secret is missing"},
        {"D2D_KD ** " TEK, "KD ID wants"},
        {"D2D_KD 0x " TEK, "KD ID wants"},
        {"D2D_KD 0X7 " TEK, "KD ID wants"},
        {"D2D_KD 1a2b3c4d5 " TEK, "KD ID wants"},
        {"D2D_KD 0x1a2b3c4d5 " TEK, "KD ID wants"},
        {"D2D_KD 1a2b3c4g " TEK, "KD ID wants"},
        {"D2D_KD -1 " TEK, "KD ID wants"},
        {"D2D_KDSESS 07b31 " TEK, "KD-sess ID wants"},
        {"D2D_KDSESS 0x " TEK, "KD-sess ID wants"},
        {"D2D_PEK 0x07b31 " TEK, "KD-sess ID wants"},
        {"D2D_PIK 7b3g " TEK, "KD-sess ID wants"},
        {"D2D_PIK " TEK " 7b31", "KD-sess ID wants"},
        {"PROSE_PGK * " TEK, "one PGK"},
        {"PROSE_PGK f00123 " TEK, "one PGK"},
        {"PROSE_PGK " TEK " f00123/5", "one PGK"},
        {"PROSE_PGK */5 " TEK, "group wants one to six"},
        {"PROSE_PGK /5 " TEK, "group wants one to six"},
        {"PROSE_PGK 0f00123/5 " TEK, "group wants one to six"},
        {"PROSE_PGK f0012g/5 " TEK, "group wants one to six"},
        {"PROSE_PGK f00123/ " TEK, "PGK ID wants"},
        {"PROSE_PGK f00123/* " TEK, "PGK ID wants"},
        {"PROSE_PGK f00123/005 " TEK, "PGK ID wants"},
        {"PROSE_PGK f00123/5/6 " TEK, "PGK ID wants"},
        {"D2D_KD * 0x" TEK, "wants 16 to 32 octets"},
        {"D2D_KD * " TEK ":" SALT, "wants 16 to 32 octets"},
        {"D2D_KDSESS * " BASE64, "wants 16 to 32 octets"},
        {"D2D_PEK * 000102030405060708090A0b0c0d0e0g", "want 16 octets"},
        {"PROSE_PGK 1/1 " HEX "zz", "wants 16 to 32 octets"},
        {"SDES_K1 * " BASE64, "master key wants"},
        {"SDES_K1 * " SECRET, "master key wants"},
        {"SDES_K1 * inline:" BASE64, "master key wants"},
        {"SDES_K2 * " TEK ":" SALT, "master key wants"},
        {"SDES_K2 * 000102030405060708090A0b0c0d0e0g" SALT, "master key wants"},
        {"SDES_K2 * " TEK "101112131415161718191a1b1c1g", "master key wants"},
        {"SDES_K2 * " HEX "0", "master key wants"},
        {"SDES_K2 " HEX " a84b4c76@pc33", "master key wants"},
        {"D2D_KD 1 " TEK " " TEK, "has no options"},
        {"D2D_PEK 1 " TEK " " TEK, "option is unknown"},
        {"PROSE_PGK 1/1 " TEK " kdr=1", "has no options"},
        {"SDES_K1 * " TEK " " SALT, "has no options"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_refused_in_own_words(rows[i].line, rows[i].reason);
}

static void test_sidelink_options(void)
{
    static const struct {
        const char *line, *reason;
    } refused[] = {
        {"D2D_PEK 1 " TEK " eea=4", "eea= and eia= want"},
        {"D2D_PIK 1 " TEK " eia=", "eea= and eia= want"},
        {"D2D_KDSESS 1 " TEK " commander=123", "commander= wants"},
        {"D2D_KDSESS 1 " TEK " bearer=32", "bearer= wants"},
        {"D2D_KDSESS 1 " TEK " direction=2", "direction= wants"},
        {"D2D_KDSESS 1 " TEK " mac_i_ciphered=2", "mac_i_over_data= want"},
        {"D2D_KDSESS 1 " TEK " eea=1 eea=1", "repeated"},
    };
    keylog_entry *entry = parse("D2D_KDSESS 7b31 " TEK " eea=2 eia=3 commander=00A1 bearer=lcid-1 direction=other mac_i_ciphered=1 "
                                "mac_i_over_data=0");
    const keylog_sidelink *told = &entry->sidelink;
    g_assert_cmpuint(told->told, ==, 0x7f);
    g_assert_cmpuint(told->eea, ==, 2);
    g_assert_cmpuint(told->eia, ==, 3);
    g_assert_cmpuint(told->commander, ==, 0xa1);
    g_assert_cmpuint(told->bearer, ==, KEYLOG_BEARER_LCID_LESS_ONE);
    g_assert_cmpuint(told->direction, ==, 1);
    g_assert_true(told->mac_i_ciphered && !told->mac_i_over_data);
    keylog_entry_free(entry);
    entry = parse("D2D_PEK 1 " TEK " bearer=31");
    g_assert_cmpuint(entry->sidelink.told, ==, KEYLOG_TELLS_BEARER);
    g_assert_cmpuint(entry->sidelink.bearer, ==, 31);
    keylog_entry_free(entry);
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
        assert_refused(refused[i].line, strlen(refused[i].line), refused[i].reason);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keylog-d2d/secrets", test_secrets);
    g_test_add_func("/keylog-d2d/call-ids", test_call_ids);
    g_test_add_func("/keylog-d2d/lengths", test_lengths);
    g_test_add_func("/keylog-d2d/sdes-lengths", test_sdes_lengths);
    g_test_add_func("/keylog-d2d/errors", test_errors);
    g_test_add_func("/keylog-d2d/sidelink-options", test_sidelink_options);
    return g_test_run();
}
