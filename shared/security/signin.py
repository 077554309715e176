"""Where signing in happens, and where each role goes afterwards: what services link to. The pages are intake's."""

from collections.abc import Mapping

from shared.security.permissions import Role

SIGN_IN = "/intake/sign-in"
SIGN_OUT = "/intake/sign-out"
STAFF_SIGN_IN = "/intake/account/sign-in"
AT_ISSUER = "/intake/account/elsewhere"  # the way to an OpenID issuer, and back
FROM_ISSUER = "/intake/account/elsewhere/back"
INVITED = "/intake/account/welcome"  # and a one-time code
OWN_PIN = "/intake/me/pin"
OWN = "/intake/account/own"  # password, phone and recovery codes
RENEW = "/intake/session/renew"
ASK_FOR_HELP = "/intake/start"
LANDING: Mapping[Role, str] = {
    Role.PERSON: "/caseplan/me",
    Role.CASE_MANAGER: "/caseplan/today",
    Role.MENTOR: "/caseplan/today",
    Role.SUPERVISOR: "/caseplan/today",
    Role.AGENCY_ADMIN: "/caseplan/today",
    Role.PARTNER_ENGINEER: "/notifications/partner",
    Role.NETWORK_ADMIN: "/reporting/mirror",
    Role.OPS: "/reporting/mirror",
    Role.AUDITOR: "/reporting/mirror",
}
