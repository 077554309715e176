"""What a service said is enough to know where things stood: every legal history, told again, ends in the same place."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.caseplan import concerns, plans, promises, referrals, setbacks
from services.caseplan.concepts import CONCERN, PLAN, PROMISE, REFERRAL, SETBACK
from services.caseplan.folding import Around, clock_of, fold
from services.caseplan.plans import Goal, Owner, Plan, Step
from services.caseplan.referrals import Stage
from shared.contracts.data import decode_data, encode_data
from shared.contracts.parties import Party
from shared.runtime.ids import uuid7
from shared.workflow import Decision, GuardNotMet
from tests.unit.caseplan import test_concerns, test_plans, test_promises, test_setbacks
from tests.unit.caseplan.worlds import BY, HOME, ID, PERSON, SECOND, WORKER, Clocks, a_referral, say

TODAY = test_plans.TODAY


class Twin:
    """An aggregate, and what is known of it from its events alone; both with their clocks."""

    def __init__(self, concept, begun, by, known=None):
        self.concept, self.state, self.known = concept, begun.state, known
        self.clocks, self.clocks_again = Clocks(), Clocks()
        self._hear(begun, by)

    def say(self, command, party):
        decision = self.concept.decide(self.state, command, BY[party], self.concept.patience)
        self.state = decision.state
        self._hear(decision, party)

    def _hear(self, decision, party):
        self.clocks.hear(decision.timers)
        for event in decision.events:
            read = decode_data(event.type, encode_data(event))
            around = Around(WORKER, HOME, getattr(self.state, "next", None))
            folded = fold(self.concept, self.known, read, around, (party, *Party))
            self.known = folded.state
            if not folded.keeps_clock:
                self.clocks_again.hear([clock_of(self.concept, folded.state)])


def walk(data, twin, command, steps=20, seen=lambda state: state):
    """Whatever is said, by whoever may: the two stand in the same place after each word."""
    for _ in range(data.draw(st.integers(1, steps))):
        rows = [(verb, party) for party in Party for verb in twin.concept.offers(twin.state, party)]
        if not rows:
            return
        verb, party = data.draw(st.sampled_from(rows))
        try:
            twin.say(command(verb, party), party)
        except GuardNotMet:
            continue
        assert seen(twin.known) == seen(twin.state)
        assert twin.clocks_again.live == twin.clocks.live


@given(st.data())
def test_a_referral_stands_where_its_events_say_with_its_owner_and_clock(data):
    """But for the program that the person named second: no event names it."""
    drafted = referrals.draft(a_referral(Stage.DRAFT, consent=None), BY[Party.WORKER], REFERRAL.patience)
    twin = Twin(REFERRAL, drafted, Party.WORKER)

    def command(verb, party):
        said = say(verb, twin.state)
        return replace(said, second=None) if verb == "send" else said

    walk(data, twin, command, 30)


@given(st.data())
def test_a_referral_of_the_backup_goes_on_from_where_it_stood(data):
    known = a_referral(
        data.draw(st.sampled_from([stage for stage in Stage if stage is not Stage.DRAFT])), second=SECOND
    )
    twin = Twin(REFERRAL, Decision(known), Party.WORKER, known)
    walk(data, twin, lambda verb, party: say(verb, twin.state))


@given(st.data())
def test_a_setback_stands_where_its_events_say_and_is_shared_with_the_same(data):
    reported = setbacks.report(test_setbacks.a_setback(words=""), BY[Party.PERSON], SETBACK.patience)
    twin = Twin(SETBACK, reported, Party.PERSON)

    def command(verb, party):
        return setbacks.Reflect() if verb == "reflect" else test_setbacks.say(verb)

    walk(data, twin, command)


@given(st.data())
def test_a_concern_stands_where_its_events_say(data):
    raised = concerns.raise_concern(replace(test_concerns.a_concern(), words=""), BY[Party.AGENCY], CONCERN.patience)
    walk(data, Twin(CONCERN, raised, Party.AGENCY), lambda verb, party: test_concerns.say(verb), 5)


@given(st.data())
def test_a_promise_is_as_open_kept_or_broken_as_its_events_say(data):
    made = promises.make(test_promises.a_promise(words=""), BY[Party.WORKER], PROMISE.patience)
    twin = Twin(PROMISE, made, Party.WORKER)
    walk(data, twin, lambda verb, party: test_promises.say(verb, twin.state))


@given(st.data())
def test_a_plan_has_the_version_that_both_signed_and_what_is_done_stays_done(data):
    """But for words, and goals that have no step: no event names them."""
    blank = Plan(ID, PERSON, WORKER, HOME)
    twin = Twin(PLAN, Decision(blank), Party.WORKER, blank)
    goals = [Goal(uuid7(), "A goal.") for _ in range(3)]

    def version():
        done = [step for step in twin.state.agreed.steps if step.done] if twin.state.agreed else []
        places = data.draw(st.lists(st.tuples(st.sampled_from(goals), st.sampled_from(Owner)), min_size=1, max_size=3))
        return goals, (*done, *(Step(uuid7(), goal.id, owner, TODAY) for goal, owner in places)), TODAY

    def command(verb, party):
        if verb in ("suggest", "propose"):
            return plans.COMMANDS[verb](*version())
        if verb not in ("move_step", "drop_step", "finish_step"):
            return test_plans.say(verb, party)
        steps = twin.state.agreed.steps if twin.state.agreed else ()
        step = data.draw(st.sampled_from(steps)).id if steps else uuid7()
        more = {"due": TODAY + timedelta(days=9)} if verb == "move_step" else {}
        return plans.COMMANDS[verb](step, **more)

    def seen(plan):
        versions = [
            v and (set(v.steps), {s.goal for s in v.steps}, v.proposed_by) for v in (plan.agreed, plan.proposal)
        ]
        return replace(plan, agreed=None, proposal=None), versions

    walk(data, twin, command, 30, seen)
