"""Files that cannot be used: each is answered with what is wrong and what to do, and nothing of it is applied."""

from __future__ import annotations

from datetime import timedelta

import discord
import pytest

from sandbox.faults import http_error
from sandbox.seen import Answer
from tests.behaviour.charters import HOSTILE, add_outcome, pings_nobody, publish, write_mission
from tests.behaviour.configs import apply, export, give, standing, with_line
from tests.behaviour.quests import LyceumWorld

HEAD = "format = 1\n"
RITUAL = '[[rituals.list]]\nritual = "{ritual}"\nchannel = {{ name = "weekly" }}\nrepeat = "every-1"\nweekday = "{day}"\ntime = "{time}"\n'
OUTCOME = (
    '[[charter.outcomes]]\nwords = "{words}"\ncounts = "{counts}"\nby = "{by}"\ntarget = {target}\n'
    "from = {since}\nuntil = {until}\n"
)
GOOD = {
    "words": "Ten hellos",
    "counts": "introduction.written",
    "by": "acts",
    "target": "10",
    "since": "2026-01-01T00:00:00Z",
    "until": "2026-02-01T00:00:00Z",
}


def ritual(**changed: str) -> str:
    return HEAD + RITUAL.format(**({"ritual": "monday-goals", "day": "monday", "time": "09:00"} | changed))


def outcome(**changed: str) -> str:
    return HEAD + OUTCOME.format(**(GOOD | changed))


async def wrong(world: LyceumWorld, file: str | bytes, *said: str, name: str = "lyceum.toml") -> list[str]:
    return (await given(world, file, *said, name=name))[1]


async def given(
    world: LyceumWorld, file: str | bytes, *said: str, name: str = "lyceum.toml"
) -> tuple[Answer, list[str]]:
    """The answer, and what is not as it should be: the file is refused with these words, nothing can be pressed, all is what it was."""
    before = await standing(world)
    answer = await give(world, file, name=name)
    text = answer.text.replace("\\", "")
    found = [f"does not say {words!r} but: {text}" for words in said if words not in text]
    if answer.buttons or not answer.ephemeral or not pings_nobody(answer):
        found.append("is more than a private answer")
    if len(answer.text) > 4000:
        found.append("is too long")
    if await standing(world) != before:
        found.append("changed something")
    return answer, found


BAD = {
    "a picture": ("photo.png", b"\x89PNG", ["end in `.toml`", "`/setup config`"]),
    "an empty file": ("a.toml", b"", ["`format = 1`", "`/setup config`"]),
    "too large": ("a.toml", b"#" * (256 * 1024 + 1), ["larger than 256 KiB"]),
    "not UTF-8": ("a.toml", "zone = 'é'".encode("utf-16"), ["UTF-8"]),
    "no TOML": ("a.toml", b"format = 1\n\nzone =\n", ["Line 3"]),
    "an open quote": ("a.toml", b"format = 1\nzone = '''abc", ["ends too early"]),
    "the same key twice": ("a.toml", b"format = 1\n[general]\nzone='UTC'\nzone='UTC'\n", ["Line 4"]),
    "lists a thousand deep": ("a.toml", b"format = 1\na = " + b"[" * 100_000, ["too deep"]),
    "a name with a hundred thousand dots": ("a.toml", b"a" + b".a" * 100_000 + b" = 1", ["dots"]),
    "a number of five thousand digits": ("a.toml", b"format = " + b"1" * 5000, ["cannot be read"]),
    "a newer format": ("a.toml", b"format = 2\n", ["format 2", "newer Lyceum"]),
    "no format at all": ("a.toml", b"[general]\nzone = 'UTC'\n", ["`format = 1`"]),
    "a format in words": ("a.toml", b"format = 'one'\n", ["`format = 1`"]),
    "a format of the past": ("a.toml", b"format = 0\n", ["no format 0"]),
    "an unknown table": ("a.toml", b"format = 1\n[generell]\n", ["**generell**", "Did you mean general?"]),
    "a secret": ("a.toml", b"format = 1\n[discord]\ntoken = 'x'\n", ["**discord**", "I do not know this"]),
    "an unknown key": (
        "a.toml",
        b"format = 1\n[general]\nzoned = 'UTC'\n",
        ["**general.zoned**", "mean zone?"],
    ),
    "a key instead of a table": ("a.toml", b"format = 1\ngeneral = 3\n", ["**general**", "[general]"]),
}


async def test_a_file_that_cannot_be_read_is_refused(community: LyceumWorld) -> None:
    for file, data, said in BAD.values():
        assert await wrong(community, data, *said, name=file) == []


WRONG = {
    "a zone that does not exist": ('[general]\nzone = "Europe/Lissabonn"', ["general.zone", "Did you mean"]),
    "an offset for a zone": ('[general]\nzone = "+01:00"', ["general.zone", "when the clocks change"]),
    "no zone": ('[general]\nzone = ""', ["general.zone", "do not know that time zone"]),
    "a number for a zone": ("[general]\nzone = 1", ["general.zone", "text in quotes"]),
    "an unknown language": (
        '[general]\nlanguage = "tlh"',
        ["general.language", "Known here are: en"],
    ),
    "a channel of no name": ("[onboarding]\nwins_channel = {}", ["onboarding.wins", "Write it like"]),
    "a channel as text": ('[onboarding]\nwins_channel = "weekly"', ["onboarding.wins", "Write it like"]),
    "an id without quotes": ("[onboarding]\nwins_channel = { id = 1 }", ["onboarding.wins", "Write it like"]),
    "a channel that is not here": (
        '[onboarding]\nwins_channel = { id = "5", name = "wekly" }',
        ["onboarding.wins", "no channel “wekly”", "The nearest names are: weekly"],
    ),
    "an id alone that is not here": ('[onboarding]\nwins_channel = { id = "5" }', ["no name is given"]),
    "a role that is not here": (
        '[general]\nmoderator_role = { name = "Modrator" }',
        ["general.moderator", "no role “Modrator”", "Moderator"],
    ),
    "the bot's own role": ('[general]\nmoderator_role = { name = "Lyceum" }', ["no role “Lyceum”"]),
    "a switch in words": ('[features]\ncharter = "yes"', ["features.charter", "true or false"]),
    "an unknown feature": ("[features]\nlottery = true", ["features.lottery", "I do not know this"]),
    "norms in one text": ('[charter]\nnorms = "Be kind"', ["charter.norms", "square brackets"]),
    "thirteen norms": (f"[charter]\nnorms = {[f'Norm {each} x' for each in 'abcdefghijklm']}", ["13 norms"]),
    "a norm without words": (
        "[charter]\nnorms = ['Be kind', '🎉']",
        ["charter.norms", "Norm 2 has no words"],
    ),
    "a mission of signs": ("[charter]\nmission = '🎉🎉'", ["charter.mission", "say in words"]),
    "a mission of 4,000 characters": (
        f"[charter]\nmission = '{'a' * 4000}'",
        ["has 4000 characters; at most 200"],
    ),
    "outcomes in a list of words": ("[charter]\noutcomes = ['x']", ["[[charter.outcomes]]"]),
    "four statements": (
        "[profiles]\nstatements = ['a', 'b', 'c', 'd']",
        ["profiles.statements", "5 statements"],
    ),
    "a long statement": (f"[profiles]\nstatements = ['{'a' * 46}', '', '', '', '']", ["Statement 1 has 46"]),
}


async def test_a_value_that_cannot_be_is_named_with_its_key(community: LyceumWorld) -> None:
    for lines, said in WRONG.values():
        assert await wrong(community, f"{HEAD}{lines}\n", *said) == []


ITEMS = [
    (ritual(ritual="friday-beer"), "list[1].ritual"),
    (ritual(day="someday"), "Did you mean sunday?"),
    (ritual(time="25:00"), "cannot read that time"),
    (ritual() + RITUAL.format(ritual="monday-goals", day="friday", time="10:00"), "stands there twice"),
    (HEAD + '[[rituals.list]]\nritual = "monday-goals"\n', "list[1].channel"),
    (outcome(words=" "), "outcomes[1].words"),
    (
        outcome(counts="lottery.won"),
        "challenge.submitted, challenge.completed, charter.acknowledged, contribution.first and",
    ),
    (outcome(by="everybody"), "acts, people"),
    (outcome(target="0"), "from 1 to 1000000"),
    (outcome(target="true"), "from 1 to 1000000"),
    (outcome(target='"10"'), "whole number"),
    (outcome(until="2026-01-01T00:00:00Z"), "that time has passed"),
    (outcome(until="2026-02-01T00:00:00"), "distance from UTC"),
    (outcome(until="2026-02-01"), "distance from UTC"),
    (outcome(until="9999-12-31T23:59:59-23:59"), "too far away"),
    (outcome(since="2020-01-01T00:00:00Z"), "last two years"),
    (outcome() + "colour = 'red'\n", "outcomes[1].colour"),
    (outcome() + OUTCOME.format(**GOOD), "the same words"),
    (HEAD + "".join(OUTCOME.format(**(GOOD | {"words": f"Aim {n}"})) for n in "abcdef"), "6 outcomes"),
]


async def test_an_item_of_a_list_that_cannot_be_is_named_with_its_number(community: LyceumWorld) -> None:
    for file, said in ITEMS:
        assert await wrong(community, file, said) == []


async def test_all_mistakes_are_told_in_one_answer(community: LyceumWorld) -> None:
    text = f"{HEAD}colour = 1\n[general]\nzone = 'Nowhere'\nlanguage = 'xx'\n[charter]\nmission = '🎉'\n[features]\nx = true\n"
    answer, found = await given(
        community, text, "there are 5 mistakes", "**colour**", "general.zone", "charter.mission"
    )
    assert found == [] and "Mend the file" in answer.text


async def test_more_mistakes_than_a_card_holds_are_all_in_a_file(community: LyceumWorld) -> None:
    keys = "\n".join(f"key_{number} = 1" for number in range(300))
    text = f"{HEAD}[general]\n{keys}\n[onboarding]\n{keys}\n"
    answer, found = await given(community, text, "there are 102 mistakes", "`mistakes.txt`")
    assert found == []
    whole = community.file(answer, "mistakes.txt").decode()
    assert whole.count("general.key_") == whole.count("onboarding.key_") == 50
    assert whole.count("And 250 more here") == 2


async def test_hostile_keys_and_values_of_a_bad_file_are_shown_as_typed(community: LyceumWorld) -> None:
    text = f"{HEAD}'{HOSTILE}' = 1\n[general]\nfacilitator_role = {{ name = '{HOSTILE}' }}\n"
    answer, found = await given(community, text, "2 mistakes")
    assert found == [] and "[free gift](" not in answer.text and "@everyone" not in answer.text


async def test_two_roles_of_one_name_are_told_apart_by_id_only(community: LyceumWorld) -> None:
    helpers = await community.create_role("Helpers")
    await community.create_role("Helpers")
    line = '[onboarding]\nfinished_role = { name = "helpers" }\n'
    assert await wrong(community, HEAD + line, "There are 2 of the name “helpers”") == []
    card = await give(community, f'{HEAD}[onboarding]\nfinished_role = {{ id = "{helpers.id}" }}\n')
    assert "@Member → " in card.text and "Helpers" in card.text


class TestRolesThatWouldGivePower:
    async def test_everybody_is_no_staff(self, community: LyceumWorld) -> None:
        everyone = f'{{ id = "{community.guild_id}" }}'
        line = f"{HEAD}[general]\nfacilitator_role = {everyone}\n"
        assert await wrong(community, line, "That is everybody") == []

    async def test_a_role_that_can_do_more_than_the_person_is_not_handed_out(
        self, community: LyceumWorld
    ) -> None:
        admin = await community.create_role("Admin")
        role = community.env.backend.get_role(community.guild_id, admin.id)
        role.permissions = discord.Permissions(administrator=True).value
        await community.restart()
        assert (
            await wrong(
                community, f'{HEAD}[onboarding]\nfinished_role = {{ name = "Admin" }}\n', "more than you can"
            )
            == []
        )

    @pytest.mark.parametrize(
        "lines",
        [
            '[onboarding]\nfinished_role = { name = "Moderator" }',
            '[general]\nmoderator_role = { name = "Member" }',
            '[general]\nmoderator_role = { name = "Helpers" }\n[onboarding]\nfinished_role = { name = "Helpers" }',
        ],
    )
    async def test_one_role_is_not_both_given_to_members_and_staff(
        self, community: LyceumWorld, lines: str
    ) -> None:
        await community.create_role("Helpers")
        community.env.backend.get_role(
            community.guild_id, community.roles["Moderator"].id
        ).permissions = 0  # else it is refused because it can do more
        await community.restart()
        assert (
            await wrong(
                community, f"{HEAD}{lines}\n", "cannot both be given to members and give staff powers"
            )
            == []
        )

    async def test_two_roles_may_change_places(self, community: LyceumWorld) -> None:
        await community.create_role("Helpers")
        lines = '[general]\nmoderator_role = { name = "Member" }\n[onboarding]\nfinished_role = { name = "Helpers" }'
        card = await give(community, f"{HEAD}{lines}\n")
        assert "2 things" in card.text


async def test_published_norms_cannot_be_taken_back(community: LyceumWorld) -> None:
    await publish(community, "Be kind.")
    assert (
        await wrong(community, f"{HEAD}[charter]\nnorms = []\n", "charter.norms", "cannot be taken back")
        == []
    )


async def test_an_ended_outcome_is_no_part_of_the_file_and_stays(community: LyceumWorld) -> None:
    await add_outcome(community)
    old = await export(community)
    await community.advance(timedelta(days=30))
    assert (await standing(community))["charter"]["outcomes"] == []
    assert await wrong(community, old, "that time has passed") == []


async def test_a_file_with_marks_and_line_ends_of_windows_is_read(community: LyceumWorld) -> None:
    text = with_line(await export(community), "zone", '"Europe/Lisbon"').replace("\n", "\r\n")
    card = await give(community, b"\xef\xbb\xbf" + text.encode(), name="LYCEUM.TOML")
    assert "Applied: 1 change" in (await apply(community, card)).text


async def test_a_file_that_discord_does_not_hand_over_is_asked_for_again(
    community: LyceumWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = await export(community)

    async def broken(_: object) -> bytes:
        raise http_error(503)

    monkeypatch.setattr(discord.Attachment, "read", broken)
    assert "give it once more" in (await give(community, text)).text


async def test_a_bad_file_says_nothing_of_another_mission(community: LyceumWorld) -> None:
    await write_mission(community)
    assert await wrong(community, f"{HEAD}[charter]\nmission = 'We sail.'\nnorm = 1\n", "charter.norm") == []
