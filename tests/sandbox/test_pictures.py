"""The pictures: which there are, what happens without a browser, and that one shows the message and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from sandbox.camera import NoBrowser, find_browser, open_camera
from sandbox.pictures import FOLDER, main, take
from sandbox.scenes import SCENES, View
from storage.database import Database
from tests.sandbox.browser import needs_browser
from tests.shell import lyceum_world


def test_every_scene_has_its_picture_and_every_picture_its_scene() -> None:
    assert {path.stem for path in FOLDER.glob("*.png")} == SCENES.keys()


def test_without_a_browser_one_sentence_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoBrowser, match="none is on the PATH"):
        find_browser()
    monkeypatch.setattr("sys.argv", ["pictures", "first-quest"])
    assert main() == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and "apt install chromium" in said.err


@needs_browser
async def test_a_picture_is_cropped_to_the_messages_and_twice_as_sharp(
    sqlite_database: Database, tmp_path: Path
) -> None:
    async with lyceum_world(sqlite_database) as world, open_camera() as camera:
        ben = world.member
        one = await world.say(ben, world.general, "One line.")
        three = await world.say(ben, world.general, "One line,\nand a second,\nand a third.")
        sizes: list[tuple[int, int]] = []
        for number, shown in enumerate(([one], [one, three])):
            path = tmp_path / f"{number}.png"
            await take(world, camera, View(ben, world.general, shown), path)
            with Image.open(path) as picture:
                sizes.append(picture.size)
                assert len(picture.convert("RGB").getcolors(1_000_000) or ()) > 20, "there is writing on it"
        assert {width for width, _ in sizes} == {2 * 540}
        heights = [height for _, height in sizes]
        assert 100 < heights[0] < heights[1] < 800
        gone = View(ben, world.general, [one])
        await world.delete(ben, one)
        with pytest.raises(Exception, match="Unknown Message"):
            await take(world, camera, gone, tmp_path / "gone.png")
