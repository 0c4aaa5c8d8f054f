"""Made-up messages to measure filters with: look-alike links in every disguise, and honest chat with honest links.

The disguises are made from tables of their own, not from those of the filters. The same seed gives the same messages.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from urllib.parse import quote

TARGETS = (
    "discord.com",
    "discord.gg",
    "discord.gift",
    "discordapp.com",
    "steamcommunity.com",
    "steampowered.com",
)
LONG = ("steamcommunity", "steampowered")
ENDS = ("com", "ru", "gift", "xyz", "net", "site", "online", "pro", "gg", "click", "info", "org")
# Letters of other scripts that look the same, and letters with a mark.
TWINS = {
    "a": "аάàɑ", "c": "сϲç", "d": "ԁḍ", "e": "еéẹ", "i": "іíɩ", "m": "ṃ", "n": "ṅ", "o": "оοöọ", "p": "рṗ", "r": "ṛ",
    "s": "ѕṡş", "t": "ṭ", "u": "υü", "w": "ẉ", "y": "уý",
}  # fmt: skip
ASCII_TWINS = (
    ("i", "l"),
    ("i", "1"),
    ("o", "0"),
    ("m", "rn"),
    ("d", "cl"),
    ("w", "vv"),
    ("e", "3"),
    ("a", "4"),
    ("s", "5"),
)
NEIGHBOURS = {"d": "sf", "i": "uo", "s": "ad", "c": "xv", "o": "ip", "r": "et", "t": "ry", "e": "wr", "a": "sq", "m": "n", "u": "yi", "n": "bm", "y": "tu", "p": "ol", "w": "qe"}  # fmt: skip
BAITS = ("nitro", "gift", "gifts", "free", "promo", "airdrop", "app", "login", "verify", "event", "claim", "boost", "giveaway", "support")  # fmt: skip
PLEAS = (
    "free nitro for everybody {}",
    "@everyone three months of nitro, hurry {}",
    "is this you in the video? {}",
    "{} my friend gave me this, works",
    "I am leaving the game, take my skins: {}",
    "sorry, I reported you by mistake, please write here {}",
    "**Claim** your gift {} before it ends",
)
REDIRECTORS = (
    "https://www.google.com/url?q={quoted}&sa=D",
    "https://l.facebook.com/l.php?u={quoted}",
    "https://www.youtube.com/redirect?event=video&q={quoted}",
    "https://steamcommunity.com/linkfilter/?url={plain}",
    "https://out.reddit.com/t3_x?url={quoted}&token=1",
    "https://vk.com/away.php?to={quoted}",
    "https://www.google.com/amp/s/{bare}",
    "https://href.li/?{plain}",
    "https://web.archive.org/web/2024/{plain}",
)


def look_alike_hosts(seed: int = 1) -> list[str]:
    """Hosts that pretend to be Discord's or Steam's, each once, in an order that the seed gives."""
    rng = random.Random(seed)
    hosts = list(dict.fromkeys(each for target in TARGETS for each in _disguises(target, rng)))
    rng.shuffle(hosts)
    return hosts


def look_alike_messages(count: int, seed: int = 1) -> list[str]:
    """Messages with such links: bare, masked, behind redirectors, behind a user name, in full width, cut by nothing."""
    rng = random.Random(seed)
    hosts = look_alike_hosts(seed)
    return [_message(hosts[number % len(hosts)], rng) for number in range(count)]


def disguised(domain: str, rng: random.Random) -> str:
    """A message with a link that leads to this very domain, written in one of the ways that still lead there."""
    path = rng.choice(("", "/", "/claim", "/a/b?c=d"))
    link = f"https://{domain}{path}"
    ways = (
        link,
        f"http://www.{domain}{path}",
        f"https://{domain.upper()}{path}",
        f"<{link}>",
        f"||{link}||",
        f"https://login.account.{domain}{path}",
        f"https://{domain}:443{path}",
        f"https://{domain}.{path}" if path else link,
        f"[here]({link})",
        f"[https://www.discord.com]({link})",
        f"https://discord.com@{domain}{path}",
        f"https:\\\\{domain}{path}",
        f"https://{domain.replace('.', '%2e')}{path}",
        f"https://{domain[:2]}\u200b{domain[2:]}{path}",
        "https://"
        + "".join(chr(ord(each) + 0xFEE0) if "a" <= each <= "z" else each for each in domain)
        + path,
        f"https://{domain.replace('.', '。')}{path}",
        f"{domain}{path}",
        f"*{domain}{path}*",
        rng.choice(REDIRECTORS).format(quoted=quote(link, safe=""), plain=link, bare=f"{domain}{path}"),
    )
    return rng.choice(PLEAS).format(rng.choice(ways))


def _disguises(target: str, rng: random.Random) -> Iterator[str]:
    name, _, end = target.partition(".")
    for place, letter in enumerate(name):
        for twin in TWINS.get(letter, ""):
            host = f"{name[:place]}{twin}{name[place + 1 :]}.{end}"
            yield host
            label = host.split(".", maxsplit=1)[0]
            yield f"xn--{label.encode('punycode').decode()}.{end}"
        for near in NEIGHBOURS.get(letter, ""):
            yield f"{name[:place]}{near}{name[place + 1 :]}.{rng.choice(ENDS)}"
        yield f"{name[:place]}{name[place + 1 :]}.{rng.choice(ENDS)}"  # left out
        yield f"{name[:place]}{letter}{name[place:]}.{rng.choice(ENDS)}"  # twice
        if place and name[place - 1] != letter:
            yield f"{name[: place - 1]}{letter}{name[place - 1]}{name[place + 1 :]}.{rng.choice(ENDS)}"  # swapped
    for letter, twin in ASCII_TWINS:
        if letter in name:
            yield f"{name.replace(letter, twin, 1)}.{rng.choice(ENDS)}"
            yield f"{name.replace(letter, twin, 1)}-{rng.choice(BAITS)}.{rng.choice(ENDS)}"
    for bait in BAITS:
        yield f"{name}-{bait}.{rng.choice(ENDS)}"
        yield f"{bait}{name}.{rng.choice(ENDS)}"
        yield f"{name}.com-{bait}.{rng.choice(ENDS)}"
        yield f"{target}.{bait}{rng.randint(1, 99)}.{rng.choice(ENDS)}"
    yield f"{name}.{rng.choice(('xyz', 'ru', 'click'))}"
    yield f"{name[:3]}.{name[3:]}.com"
    if name in LONG:
        for _ in range(20):  # two slips, in names long enough for them
            one, two = sorted(rng.sample(range(1, len(name) - 1), 2))
            yield f"{name[:one]}{name[one + 1 : two]}{rng.choice('aeiou')}{name[two + 1 :]}.{rng.choice(ENDS)}"


def _message(host: str, rng: random.Random) -> str:
    path = rng.choice(("/nitro", "/gift/AbC12", "/login?next=%2Fapp", "", "/tradeoffer/new/?partner=1"))
    link = f"https://{host}{path}"
    ways = (
        link,
        f"<{link}>",
        f"||{link}||",
        f"http://www.{host}{path}",
        f"{host}{path}",
        f"[get it]({link})",
        f"[https://discord.com/nitro]({link})",
        f"https://discord.com@{host}{path}",
        rng.choice(REDIRECTORS).format(quoted=quote(link, safe=""), plain=link, bare=f"{host}{path}"),
    )
    return rng.choice(PLEAS).format(rng.choice(ways))


_TOPICS = ("loops", "recursion", "pull requests", "type hints", "SQL joins", "CSS grids", "unit tests", "closures", "Big O", "git rebase")  # fmt: skip
_FEELINGS = ("stuck", "excited", "a bit lost", "proud", "curious", "tired but happy")
_FILES = ("main.py", "README.md", "app.js", "index.html", "utils.ts", "data.json", "style.css", "notes.txt", "lib.rs", "build.sh", "test_app.py", "Main.java", "go.mod", "archive.zip", "setup.cfg")  # fmt: skip
_CODE = (
    "`items.append(each)`",
    "`foo.bar.baz()`",
    "```py\nimport os.path\nprint(os.path.join('a', 'b'))\n```",
    "`np.array([1, 2]).sum()`",
    "`self.client.get(url)`",
    "`System.out.println(x)`",
    "`std.io.write`",
    "`console.log(user.name)`",
    "`df.groupby('a').agg('mean')`",
    "`x = y.z if y else None`",
)
_LINKS = (
    "https://docs.python.org/3/library/re.html",
    "https://github.com/Rapptz/discord.py/issues/1",
    "https://discordpy.readthedocs.io/en/stable/",
    "https://discord.js.org/docs",
    "https://discordjs.guide/popular-topics/",
    "https://discord.com/channels/1/2/3",
    "https://support.discord.com/hc/en-us/articles/1",
    "https://cdn.discordapp.com/attachments/1/2/picture.png",
    "https://media.discordapp.net/attachments/1/2/x.png",
    "https://discord.com/developers/docs/intro",
    "https://store.steampowered.com/app/570/",
    "https://steamcommunity.com/sharedfiles/filedetails/?id=1",
    "https://steamdb.info/app/570/",
    "https://www.steamgifts.com/giveaway/1",
    "https://www.youtube.com/watch?v=abc123&t=10s",
    "https://youtu.be/abc123",
    "https://stackoverflow.com/questions/1/how-to-do-it",
    "https://en.wikipedia.org/wiki/Discord_(software)",
    "https://de.wikipedia.org/wiki/Stra%C3%9Fe",
    "https://www.freecodecamp.org/learn",
    "https://developer.mozilla.org/en-US/docs/Web/API/URL",
    "https://exercism.org/tracks/rust",
    "https://www.discogs.com/artist/1",
    "https://meta.discourse.org/t/hello/1",
    "https://discordpy.readthedocs.io/en/stable/",
    "https://discord.js.org/docs",
    "https://top.gg/bot/1",
    "https://disboard.org/server/1",
    "https://www.google.com/search?q=what+is+a.b",
    "https://www.google.com/url?q=https%3A%2F%2Fdocs.python.org%2F3%2F&sa=D",
    "https://web.archive.org/web/2020/https://example.org/",
    "https://accounts.google.com/signin?continue=https://mail.google.com/",
    "https://user.github.io/my-project/",
    "https://my-app.vercel.app/login",
    "https://discord.python-club.example.org/join",
    "https://calendar.example.edu/event?redirect=/home",
    "https://bsky.app/profile/ann.example.com",
    "http://localhost:8000/docs",
    "http://127.0.0.1:5000/",
    "https://münchen.example.de/plan",
    "https://пример.рф/страница",
    "https://recordings.example.org/accord",
    "https://www.theverge.com/discord-nitro-price",
    "https://blog.example.com/free-discord-bots-2024",
    "https://example.com/steam-gift-cards",
    "https://onedrive.live.com/?id=a.b.c",
    "https://nextcloud.example.org/s/abcDEF",
    "https://www.reddit.com/r/discordapp/comments/x/y/",
    "https://tenor.com/view/party-gif-1",
    "https://imgur.com/a/xyz",
    "https://leetcode.com/problems/two-sum/",
    "https://codepen.io/ann/pen/abc",
    "https://www.kaggle.com/datasets",
)
_MASKS = (
    "[the docs](https://docs.python.org/3/)",
    "[README.md](https://github.com/a/b/blob/main/README.md)",
    "[main.py](https://gist.github.com/ann/1)",
    "[example.com](https://www.example.com/page)",
    "[https://example.com](https://example.com/?utm=1)",
    "[this video](https://youtu.be/abc)",
    "[youtube.com](https://youtu.be/abc)",
    "[Node.js](https://nodejs.org/en)",
    "[ASP.NET](https://learn.microsoft.com/aspnet)",
    "[discord.py](https://github.com/Rapptz/discord.py)",
    "[discord.js](https://discord.js.org)",
    "[vue.js docs](https://vuejs.org)",
)
_CHAT = (
    "Good morning everyone!",
    "I am {feeling} about {topic} today.",
    "Can somebody look at {file}? It says line {n}.",
    "Thanks a lot, that helped with {topic}!!",
    "ok",
    "lol yes",
    "What do you think of {topic}, @Ben?",
    "I read {link} and it is good.",
    "See {link}, section {n}.{m}",
    "{mask} explains it better than me.",
    "My code is {code} and it fails with v{n}.{m}.{n}...",
    "I finished {n} of {m} exercises. {topic} is hard, e.g. the last one.",
    "Mail me at ann.lee@example.org or ben@steam-club.example.com",
    "It is {n}:{m}0 here, i.e. in the evening. See you at 7 p.m.",
    "Does anyone get nitro? I do not need it, free is fine.",
    "I would not click free nitro links, they are scams.",
    "Версия {n}.{m} вышла, посмотрите {link}",
    "今日は{topic}を勉強しました。楽しかった。また明日。",
    "Ich übe gerade {topic}. Schöne Grüße!",
    "J'ai terminé l'exercice {n}, c'était génial… merci.",
    "I like discord.py more than discord.js, but e.g. {file} is fine.",
    "Steam sale: I bought a game for {n}.99. See {link}",
    "in {file}.old there was {code}",
    "@ann can you review {link}? It is about {topic}.",
    "{link} and {link} say different things",
    "Is it https or http? ... hm.",
    "10.0.0.{n} does not answer, only 192.168.{m}.{n}",
    "wait...what? No.Really?Yes.",
    "The accord was recorded; I have to discard it. Order matters, cord, discords.",
    "Our community server moves to steam-powered trains, haha",
)


def honest_messages(count: int, seed: int = 1) -> list[str]:
    """Ordinary chat of people who learn together, with links, code, file names and several languages."""
    rng = random.Random(seed)
    messages: list[str] = []
    for _ in range(count):
        parts = [rng.choice(_CHAT) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
        filled = [
            part.format(
                feeling=rng.choice(_FEELINGS),
                topic=rng.choice(_TOPICS),
                file=rng.choice(_FILES),
                code=rng.choice(_CODE),
                link=rng.choice(_LINKS),
                mask=rng.choice(_MASKS),
                n=rng.randint(1, 99),
                m=rng.randint(1, 5),
            )
            for part in parts
        ]
        messages.append(" ".join(filled))
    return messages


def made_up_words(count: int, seed: int = 1) -> list[str]:
    """Words that nobody writes, so that all that they cost is the looking."""
    rng = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(4, 9))) + "qz"] = (
            None
        )
    return list(found)
