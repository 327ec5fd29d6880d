"""Surveys: what happened to a customer comes in, the right ones are asked, their answers go to triage.

    POST /v1/events, CSV -> EventRow          events.py       once per client and external id
      -> judged when due    (round.py)        eligibility.py, pacing.py, timing.py: pure
      -> InvitationRow + MessageRow           plan.py         in one transaction with the job
      -> a message is sent  (sending.py)      channels/       e-mail, SMS, the local mailbox
      -> the link is opened, answers saved    links.py        what the pages call
      -> SurveyResponse -> intake             answers.py      a durable job too

`files.py`, `form.py`, `messages.py` and `texts` are what is asked, and in which words.
"""
