"""What each function gives, by family: expression and value, checked against Terraform's own functions."""

import pytest

from terraform_lint.source.evaluation.functions import Functions
from terraform_lint.source.evaluation.values import EvaluationError, Unknown
from tests.terraform_lint.source.evaluation.expression_text import SomeFiles, plain, value_of

STRINGS = [
    ('upper("straße")', "STRAßE"),
    ('lower("ΑΣ")', "ας".replace("ς", "σ")),
    ('title("hello wORLD foo_bar-baz")', "Hello WORLD Foo_bar-Baz"),
    ('chomp("a\\r\\n\\n")', "a"),
    ('trimspace("\\u00a0 a b \\n")', "a b"),
    ('trim("?!hello?!", "!?")', "hello"),
    ('trimprefix("helloworld", "hello")', "world"),
    ('trimsuffix("helloworld", "world")', "hello"),
    ('startswith("acme-prod", "acme")', True),
    ('endswith("acme-prod", "acme")', False),
    ('strcontains("acme-prod", "e-p")', True),
    ('strrev("añ1")', "1ña"),
    ('substr("hello world", 1, 4)', "ello"),
    ('substr("hello world", -5, -1)', "world"),
    ('substr("hello", 9, 2)', ""),
    ('indent(2, "a\\nb")', "a\n  b"),
    ('join("-", ["a", 1], [true])', "a-1-true"),
    ('split(",", "a,,b")', ["a", "", "b"]),
    ('split("", "ab")', ["a", "b"]),
    ('replace("1 + 2", " + ", "-")', "1-2"),
    ('replace("foo-bar", "/(\\\\w+)-(?P<x>\\\\w+)/", "$x/$1")', "bar/foo"),
    ('regex("[a-z]+", "53aab1")', "aab"),
    ('regex("(\\\\d+)-(\\\\d+)", "12-34")', ["12", "34"]),
    ('regex("^(?P<a>\\\\w)(?P<b>x)?", "yz")', {"a": "y", "b": None}),
    ('regexall("a*", "baac")', ["", "aa", ""]),
    ('format("%s is %d, %5.1f%% %q %v", "x", 3, 2.25, "a<b", [1, null])', 'x is 3,   2.2% "a\\u003cb" [1,null]'),
    ('format("%05d|%-4s|%4s|%x|%#x|%b|%o|%+d|%t", 42, "a", "b", 255, 255, 5, 8, 3, "true")',
     "00042|a   |   b|ff|0xff|101|10|+3|true"),
    ('format("%v %v %v", 123456, 1000000, 123456789012)', "123456 1e+06 1.23456789012e+11"),
    ('format("%s", 123456789012)', "123456789012"),
    ('format("%[2]s-%[1]s", "a", "b")', "b-a"),
    ('format("%e %g %#v", 1000, 0.00001, "x")', '1.000000e+03 1e-05 "x"'),
    ('formatlist("%s.%s", "a", ["x", "y"])', ["a.x", "a.y"]),
]  # fmt: skip
NUMBERS = [
    ("abs(-1.5)", 1.5),
    ("ceil(1.1)", 2),
    ("floor(-1.1)", -2),
    ('max(1, "3", 2)', 3),
    ("min([3, 1]...)", 1),
    ("pow(3, 4)", 81),
    ("signum(-3)", -1),
    ("log(16, 2)", 4),
    ('parseint("ff", 16)', 255),
    ('parseint("-101", 2)', -5),
    ("sum([1, 2.5])", 3.5),
    ("range(3)", [0, 1, 2]),
    ("range(3, 0)", [3, 2, 1]),
    ("range(1, 2, 0.5)", [1, 1.5]),
]
COLLECTIONS = [
    ("alltrue([true, true])", True),
    ("alltrue([])", True),
    ("anytrue([false, null])", False),
    ('chunklist(["a", "b", "c"], 2)', [["a", "b"], ["c"]]),
    ('coalesce(null, "", "x")', "x"),
    ('coalesce(1, "x")', "1"),
    ("coalescelist([], [1])", [1]),
    ('compact(["a", "", null])', ["a"]),
    ("concat([1], [], [2])", [1, 2]),
    ('contains(["a", 1], 1)', True),
    ('contains(["1"], 1)', False),
    ('distinct(["b", "a", "b"])', ["b", "a"]),
    ('element(["a", "b", "c"], 4)', "b"),
    ('element(["a", "b"], -1)', "b"),
    ("flatten([1, [2, [3]], []])", [1, 2, 3]),
    ('index(["a", "b"], "b")', 1),
    ("keys({b = 1, a = 2})", ["a", "b"]),
    ("values({b = 1, a = 2})", [2, 1]),
    ('length("añ")', 2),
    ("length({a = 1})", 1),
    ('list("a", 1)', ["a", "1"]),
    ('map("a", 1)', {"a": 1}),
    ('lookup({a = "x"}, "a", "d")', "x"),
    ('lookup({a = "x"}, "b", "d")', "d"),
    ('matchkeys(["i1", "i2", "i3"], ["us", "eu", "us"], ["us"])', ["i1", "i3"]),
    ('merge({a = 1, b = 2}, null, {b = "x"})', {"a": 1, "b": "x"}),
    ("merge()", {}),
    ("one([])", None),
    ("one([1])", 1),
    ("reverse([1, 2])", [2, 1]),
    ('setintersection(["a", "b"], ["b", "c"])', ["b"]),
    ('setproduct(["a", "b"], [1])', [["a", 1], ["b", 1]]),
    ('setsubtract(["a", "b"], ["b"])', ["a"]),
    ('setunion(["b"], ["a", "b"])', ["a", "b"]),
    ("slice([1, 2, 3], 1, 3)", [2, 3]),
    ('sort(["b", "a", "B"])', ["B", "a", "b"]),
    ('transpose({a = ["1", "2"], b = ["2"]})', {"1": ["a"], "2": ["a", "b"]}),
    ('zipmap(["a", "b"], [1, "x"])', {"a": 1, "b": "x"}),
]
ENCODINGS = [
    ('base64encode("ñ")', "w7E="),
    ('base64decode("aGk=")', "hi"),
    ('textencodebase64("hi", "UTF-16LE")', "aABpAA=="),
    ('textdecodebase64("aABpAA==", "UTF-16LE")', "hi"),
    ('urlencode("a b/é?~")', "a+b%2F%C3%A9%3F~"),
    ('urldecode("a+b%2F")', "a b/"),
    ('jsonencode({b = [1.50, null, true], a = "<&>"})', '{"a":"\\u003c\\u0026\\u003e","b":[1.5,null,true]}'),
    ('jsondecode("{\\"a\\": [1.50, \\"é\\"]}")', {"a": [1.5, "é"]}),
    ('csvdecode("a,b\\n\\"x, \\"\\"y\\"\\"\\",\\n")', [{"a": 'x, "y"', "b": ""}]),
    ('yamldecode("a: yes\\nb: 012\\nc: 2024-1-5\\nd: [~, \'no\', 1e3, 0x1F, 0o17]")',
     {"a": True, "b": 12, "c": "2024-01-05T00:00:00Z", "d": [None, "no", 1000, 31, 15]}),
    ('yamldecode("a: &x {t: acme}\\nb:\\n  <<: *x\\n  k: !!str 5")',
     {"a": {"t": "acme"}, "b": {"t": "acme", "k": "5"}}),
    ('yamldecode("y: 1\\nn: 2\\n3: x")', {"true": 1, "false": 2, "3": "x"}),
    ('yamlencode({b = [{c = 1}, []], a = "x"})', '"a": "x"\n"b":\n- "c": 1\n- []\n'),
    ('md5("hello world")', "5eb63bbbe01eeed093cb22bb8f5acdc3"),
    ('sha1("hello world")', "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed"),
    ('sha256("a")', "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
    ('base64sha256("a")', "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs="),
    ('substr(sha512("a"), 0, 8)', "1f40fc92"),
    ('uuidv5("dns", "www.terraform.io")', "a5008fae-b28c-5ba5-96cd-82b4c53552d6"),
]  # fmt: skip
DATES = [
    ('formatdate("EEE, DD MMM YYYY HH:mm:ss AA ZZZ", "2018-01-02T23:12:01Z")', "Tue, 02 Jan 2018 11:12:01 PM UTC"),
    ("formatdate(\"YY-M-D'T'h ZZZZZ 'o''clock'\", \"2018-01-02T03:04:05-08:00\")", "18-1-2T3 -08:00 o'clock"),
    ('timeadd("2017-11-22T00:00:00Z", "-1h30m")', "2017-11-21T22:30:00Z"),
    ('timecmp("2017-11-22T04:00:00Z", "2017-11-22T06:00:00+02:00")', 0),
]
NETWORKS = [
    ('cidrhost("10.12.112.0/20", 16)', "10.12.112.16"),
    ('cidrhost("10.12.112.0/20", -1)', "10.12.127.255"),
    ('cidrnetmask("172.16.0.0/12")', "255.240.0.0"),
    ('cidrsubnet("172.16.0.0/12", 4, 2)', "172.18.0.0/16"),
    ('cidrsubnet("fd00:fd12::/32", 16, 162)', "fd00:fd12:a2::/48"),
    ('cidrsubnets("10.1.0.0/16", 4, 4, 8, 4)', ["10.1.0.0/20", "10.1.16.0/20", "10.1.32.0/24", "10.1.48.0/20"]),
]
FILES = [
    ('file("notes.txt")', "hello"),
    ('jsondecode(file("tags.json")).tenant', "acme"),
    ('fileexists("notes.txt")', True),
    ('fileset(".", "*")', ["bytes", "greet.tftpl", "notes.txt", "tags.json"]),
    ('filebase64("bytes")', "/w=="),
    ('filemd5("notes.txt")', "5d41402abc4b2a76b9719d911017c592"),
    ('templatefile("greet.tftpl", {name = "Ann"})', "Hi Ann!"),
    ('basename("a/b.txt")', "b.txt"),
    ('dirname("a/b.txt")', "a"),
    ('dirname("b.txt")', "."),
    ('abspath("/a/../b")', "/b"),
    ('pathexpand("a")', "a"),
]
TYPES = [
    ("tostring(1.50)", "1.5"),
    ("tostring(true)", "true"),
    ("tostring(null)", None),
    ('tonumber("1e3")', 1000),
    ('tobool("true")', True),
    ('tolist([1, "a", true])', ["1", "a", "true"]),
    ('toset(["b", "a", "b"])', ["a", "b"]),
    ('tomap({a = 1, b = "x"})', {"a": "1", "b": "x"}),
    ("toset([3, 20, 1])", [1, 3, 20]),
    ("issensitive(sensitive(1))", True),
    ("issensitive(nonsensitive(sensitive(1)))", False),
    ('try({}.a, "d")', "d"),
    ("can({}.a)", False),
    ("can({a = 1}.a)", True),
    ('core::upper("a")', "A"),
    ("ephemeralasnull(1)", 1),
]


@pytest.mark.parametrize(
    ("text", "value"),
    [*STRINGS, *NUMBERS, *COLLECTIONS, *ENCODINGS, *DATES, *NETWORKS, *FILES, *TYPES],
)
def test_a_function_gives_what_terraform_gives(text: str, value: object) -> None:
    assert plain(value_of(text)) == value


@pytest.mark.parametrize(
    "text",
    [
        "nosuch(1)",
        "upper()",
        'upper("a", "b")',
        "upper(null)",
        "upper([])",
        'tonumber("x")',
        'tobool("yes")',
        'tolist([1, ["a"]])',
        'tomap("x")',
        'parseint("9", 8)',
        "range(0, 9, -1)",
        "range(2000)",
        "element([], 0)",
        "one([1, 2])",
        "slice([1], 0, 2)",
        'lookup({}, "a")',
        'index(["a"], "b")',
        'coalesce(null, "")',
        'concat(["a"], toset(["b"]))',
        'zipmap(["a"], [])',
        'regex("x", "y")',
        'regex("(a", "a")',
        'regex("a(?=b)", "ab")',
        'regex("(a)\\\\1", "aa")',
        'regex("a**", "a")',
        'regex("(a)(?P<b>b)", "ab")',
        'format("%d", "x")',
        'format("%d", 1.5)',
        'format("%s")',
        'format("%s", "a", "b")',
        'format("%z", 1)',
        'format("%s", null)',
        'join(",", [null])',
        'jsondecode("{")',
        'jsondecode("NaN")',
        'yamldecode("")',
        'yamldecode("a: [")',
        'yamldecode("x: !!python/object:os.system 1")',
        'yamldecode("&a [*a]")',
        'csvdecode("a\\n1,2\\n")',
        'base64decode("%")',
        'base64decode("/w==")',
        'file("bytes")',
        'formatdate("QQ", "2018-01-02T23:12:01Z")',
        'timeadd("yesterday", "1h")',
        'timeadd("2018-01-02T23:12:01Z", "1 day")',
        'cidrhost("10.0.0.0", 1)',
        'cidrsubnet("10.0.0.0/24", 16, 1)',
        'cidrnetmask("fd00::/8")',
        "pow(2)",
        "sum([])",
        'templatefile("greet.tftpl", {})',
        'merge("x")',
    ],
)
def test_what_terraform_refuses_is_an_error(text: str) -> None:
    with pytest.raises(EvaluationError):
        value_of(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("timestamp()", "timestamp() is the time of the apply"),
        ("plantimestamp()", "plantimestamp() is the time of the plan"),
        ("uuid()", "uuid() is random"),
        ('bcrypt("x")', "bcrypt() is random"),
        ('upper(file("../secret"))', 'file "../secret" is outside the checked folders'),
        ('templatefile("none.tftpl", {})', 'file "none.tftpl" is outside the checked folders'),
        ('fileset("/", "*")', 'folder "/" is outside the checked folders'),
        ("provider::aws::arn_parse(1)", "provider::aws::arn_parse() is a function of a provider"),
        ('abspath(".")', "abspath() depends on where Terraform runs"),
        ('pathexpand("~/x")', "the home folder is that of whoever runs Terraform"),
        ('regex("\\\\p{Greek}", "a")', 'the class of characters "Greek" is not worked out here'),
    ],
)
def test_what_source_cannot_tell_is_unknown_with_its_reason(text: str, reason: str) -> None:
    assert value_of(text) == Unknown(reason)


def test_every_function_of_terraform_is_there() -> None:
    listed = """
    abs abspath alltrue anytrue base64decode base64encode base64gzip base64sha256 base64sha512 basename bcrypt ceil
    chomp chunklist cidrhost cidrnetmask cidrsubnet cidrsubnets coalesce coalescelist compact concat contains csvdecode
    dirname distinct element endswith ephemeralasnull file filebase64 filebase64sha256 filebase64sha512 fileexists
    filemd5 fileset filesha1 filesha256 filesha512 flatten floor format formatdate formatlist indent index issensitive
    join jsondecode jsonencode keys length list log lookup lower map matchkeys max md5 merge min nonsensitive one
    parseint pathexpand plantimestamp pow range regex regexall replace reverse rsadecrypt sensitive setintersection
    setproduct setsubtract setunion sha1 sha256 sha512 signum slice sort split startswith strcontains strrev substr sum
    templatefile templatestring textdecodebase64 textencodebase64 timeadd timecmp timestamp title tobool tolist tomap
    tonumber toset tostring transpose trim trimprefix trimspace trimsuffix type upper urldecode urlencode uuid uuidv5
    values yamldecode yamlencode zipmap
    """
    assert set(listed.split()) <= Functions(SomeFiles()).names
