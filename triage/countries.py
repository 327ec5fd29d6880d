"""The countries of ISO 3166-1 alpha-2, with `XK`, in common use for Kosovo; and what is spoken there."""

from typing import Final

from triage.labels import LANGUAGES, Language

COUNTRIES: Final = frozenset(
    # A block of text, because a list of 250 quoted codes would hide a missing one.
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW
    BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI
    FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN
    IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME
    MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF
    PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK
    YE YT ZA ZM ZW
    """.split()  # noqa: SIM905
)

_OFFICIAL: Final[dict[str, Language]] = {
    "GB": "en", "IE": "en", "MT": "en", "US": "en", "CA": "en", "AU": "en", "NZ": "en",
    "IT": "it", "SM": "it", "VA": "it", "FR": "fr", "MC": "fr", "LU": "fr", "BE": "nl", "NL": "nl",
    "DE": "de", "AT": "de", "CH": "de", "LI": "de", "ES": "es", "AD": "es", "MX": "es", "AR": "es",
    "CL": "es", "CO": "es", "PE": "es", "PT": "pt", "BR": "pt", "PL": "pl", "CZ": "cs", "HU": "hu",
    "RO": "ro", "MD": "ro", "GR": "el", "CY": "el", "SE": "sv", "DK": "da", "FI": "fi", "NO": "nb",
    "RU": "ru",
}  # fmt: skip
"""The language most customers of a country read."""
_NORWEGIAN: Final = ("no", "nn")


def spoken_by(locale: str | None) -> Language | None:
    """The language of a locale (BCP 47, also with `_`), or None where it names none of ours."""
    code = (locale or "").replace("_", "-").partition("-")[0].lower()
    if code in _NORWEGIAN:
        return "nb"
    return next((language for language in LANGUAGES if language == code), None)


def spoken_in(country: str | None) -> Language | None:
    """The language most customers of a country read (ISO 3166-1, upper case), if it is one of ours."""
    return _OFFICIAL.get(country or "")
