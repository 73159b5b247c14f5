"""Who opens which page in which part of the term, for the walk of tests/look/test_layout.py.

tests/look/test_pages_walked.py compares this list with the table of contents: a page that nobody
visits fails there, unless NOT_VISITED says why. A path without a leading slash is in the course;
what stands in braces is known when the stage is set.
"""

Visits = list[tuple[str, str]]

ROUND = "preferences/in-class-talks"
BOARD = "/admin/presentations/preferenceround/{round}"
PLACE = "/admin/presentations/presentation/presenters/{place}/reassign/"

# 21 October: the round is open, Ada has a number, somebody asks to join.
BEFORE: Visits = [
    ("stranger", "/ /account/login/ /account/signup/ /account/password/reset/"),
    ("stranger", "/account/password/reset/done/ /account/password/reset/key/done/"),
    ("stranger", "/account/confirm-email/ /account/inactive/ /mailbox /mailbox/{message}"),
    ("stranger", "/account/confirm-email/no-such-key/ /account/password/reset/key/0-set/"),
    ("stranger", "about schedule"),
    ("newcomer", "join /account/logout/ /account/email/ /account/password/change/"),
    ("newcomer", "/me /me/second-factor /account/2fa/ /account/2fa/totp/activate/"),
    ("newcomer", "/account/2fa/webauthn/ /account/2fa/webauthn/add/ /account/reauthenticate/"),
    ("applicant", "enrolment about /account/no-password /account/password/set/"),
    ("auditor", " papers"),
    ("ada", " /demo/clock about schedule papers papers/chinchilla announcements work standing"),
    ("ada", f"{ROUND}"),
    ("cleo", f"{ROUND}"),
    ("instructor", " about schedule people people/{ada}/state announcements papers"),
    ("instructor", "/styleguide manage/finals manage/course-file"),
    ("instructor", "/account/tokens"),
    ("instructor", f"{BOARD}/change/ /admin/"),
    ("instructor", "people/import manage/gradebook/import"),
    ("instructor", "manage/preferences/in-class-talks/import"),
    ("creator", "/courses/new"),
    ("guarded", "/account/2fa/recovery-codes/ /account/2fa/recovery-codes/generate/"),
    ("guarded", "/account/2fa/totp/deactivate/ /account/2fa/reauthenticate/"),
    ("ta", " papers/chinchilla"),
]

# 11 November: talks are published, Ada's report is handed in and graded, Ben's is missing.
DURING: Visits = [
    ("ada", " work work/report-1 work/report-1/edit work/mini-1 work/mini-2/upload"),
    ("ada", "work/report-1/receipt/{receipt} receipt/{receipt}"),
    ("ada", "presentations presentations/{talk} presentations/{talk}/withdrawal"),
    ("ada", "presentations/{talk}/swaps swaps/{swap}"),
    ("cleo", "work/report-1/papers work/report-1/edit work/report-1/check"),
    ("ta", "presentations presentations/{talk} receipt/{receipt} manage/gradebook"),
    ("instructor", f"{BOARD}/change/ {BOARD}/runs/{{run}}/ {BOARD}/places/{{late}}/"),
    ("instructor", f"/admin/presentations/presentation/ {PLACE} {PLACE}?to={{cleo}}"),
    ("instructor", "manage/tasks/report-1 manage/finals/{final}/cancellation"),
    ("instructor", "presentations/{talk} presentations/{talk}/presenters/{ada}/withdrawal"),
    ("instructor", "presentations/{talk}/presenters/{ada}/swap manage/papers/chinchilla/capacity"),
]

# 3 February: everything is graded, some of it released; Ben's talk still needs a decision.
AFTER: Visits = [
    ("ada", "standing work/report-1/feedback work work/mini-1"),
    ("ta", " grading grading/report-2 grading/report-2/{ada} grading/mini-1/{ada}"),
    ("ta", "grading/final-talk/{ada} attendance attendance/phases-talks participation/intro-2"),
    ("instructor", " manage/release manage/gradebook manage/results manage/pass-rule"),
    ("instructor", "manage/gradebook/{ada}"),
]

STAGES = {"before": BEFORE, "during": DURING, "after": AFTER}

ROLES = {"ada": "student", "cleo": "student", "ta": "staff", "instructor": "staff"}

# A page that several kinds of people open is seen as each of them.
SEEN_BY = {
    "course.public": {"stranger", "student", "staff"},
    "course.member": {"student", "staff"},
}

ONLY_SENT_TO = "takes what a form sends, and answers with a page that is visited or leads to one"
NOT_VISITED = {
    "accounts:set_theme": ONLY_SENT_TO,
    "accounts:create_token": ONLY_SENT_TO,
    "accounts:revoke_token": ONLY_SENT_TO,
    "courses:withdraw_application": ONLY_SENT_TO,
    "courses:accept_applications": ONLY_SENT_TO,
    "courses:decide_application": ONLY_SENT_TO,
    "courses:announce": ONLY_SENT_TO,
    "assignments:save_field": ONLY_SENT_TO,
    "assignments:save_draft": ONLY_SENT_TO,
    "assignments:submit_report": ONLY_SENT_TO,
    "assignments:submit_file": ONLY_SENT_TO,
    "assignments:grant_extension": ONLY_SENT_TO,
    "grading:decide_item": ONLY_SENT_TO,
    "grading:excuse_items_before_joining": ONLY_SENT_TO,
    "desk:demo_sign_in": ONLY_SENT_TO,
    "presentations:confirm_presence": ONLY_SENT_TO,
    "presentations:accept_offer": ONLY_SENT_TO,
    "presentations:decline_offer": ONLY_SENT_TO,
    "presentations:accept_swap": ONLY_SENT_TO,
    "presentations:decline_swap": ONLY_SENT_TO,
    "presentations:withdraw_swap": ONLY_SENT_TO,
    "presentations:offer": "needs a place that somebody gave back; tests/presentations draw it",
    "mfa_login_webauthn": ONLY_SENT_TO,
    "presentations:rounds": "leads to the one round there is",
    "presentations:allocation": "leads to the board, which is visited",
    "grading:next": "leads to the next one to grade",
    "assignments:download": "a PDF",
    "grading:results_csv": "a CSV file",
    "desk:export_course_file": "a YAML file",
    "courses:roster_csv": "a CSV file",
    "grading:gradebook_csv": "a CSV file",
    "courses:import_roster_file": "the preview; walked by test_imports.py, drawn in the style guide",
    "grading:import_scores_file": "the preview, as courses:import_roster_file",
    "presentations:import_preferences_file": "the preview, as courses:import_roster_file",
    "mfa_download_recovery_codes": "a text file",
    "desk:healthz": "JSON for machines",
    "desk:readyz": "JSON for machines",
    "account_confirm_login_code": "signing in by a mailed code is switched off",
    "mfa_authenticate": "a step between password and page; the same form as mfa_reauthenticate",
    "mfa_reauthenticate_webauthn": "asks for a security key, which this browser does not have",
    "mfa_remove_webauthn": "about a security key, which this browser does not have",
    "mfa_edit_webauthn": "about a security key, which this browser does not have",
}


def paths(visits: Visits) -> list[tuple[str, list[str]]]:
    """Return the visitors in order, each with the paths as they were written."""
    return [(who, line.split(" ")) for who, line in visits]
