# SPDX-License-Identifier: Apache-2.0
"""Walks through the status page in a headless Chromium: walk.py URL FOLDER WALK. Prints {"step": error or null} as JSON, and
keeps screenshots in FOLDER. Runs with playwright and axe-core, which scripts/test installs in build/clients/browser."""
import json
import pathlib
import re
import sys
import traceback

import axe_playwright_python
from playwright.sync_api import expect, sync_playwright

AXE = pathlib.Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]
DESKTOP = {"viewport": {"width": 1100, "height": 900}}
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
PATIENCE_MS = 20000


class Walk:
    def __init__(self, browser, url, folder):
        self.browser, self.url, self.folder, self.results = browser, url, folder, {}

    def step(self, name, work, **options):
        """A step in a browser window of its own."""
        context = self.browser.new_context(**options)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        said = []
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        try:
            page.goto(self.url)
            expect(page.locator("#connection")).to_have_text("Live", timeout=PATIENCE_MS)
            work(page)
            page.screenshot(path=self.folder / (name.replace(" ", "-") + ".png"), full_page=True)
            self.results[name] = "; ".join(said) or None
        except Exception:  # the test's own process shows it
            self.results[name] = traceback.format_exc() + "; ".join(said)
        finally:
            context.close()

    def accessible(self, name, **options):
        """axe-core finds nothing, and nothing is wider than the window."""
        def work(page):
            search(page, "attributes get")
            page.locator("#list button").first.click()
            page.evaluate(AXE)
            found = page.evaluate("axe.run().then(result => result.violations.map(one => [one.id, one.nodes.map(node => node.html)]))")
            assert found == [], found
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

        self.step(name, work, bypass_csp=True, **options)


def search(page, words):
    page.locator("#words").fill(words)
    expect(page.locator("#found")).to_contain_text("operations")


def shows_what_is(page):
    expect(page.locator("#state-name")).to_have_text("Ready")
    expect(page.locator("#session")).to_contain_text("tenant@thingsboard.org")
    expect(page.locator("#server")).to_contain_text("CE 4.4.0")
    expect(page.locator("#clients")).to_contain_text("uid:")
    page.evaluate("fetch('/api/auth/user')")
    expect(page.locator("#rate-chart path.all")).to_have_attribute("d", re.compile("^M.*L"), timeout=PATIENCE_MS)


def sends_a_read_by_keyboard(page):
    """Without a mouse: to the search, to the first operation found, to its form, to the button."""
    page.locator("#words").focus()
    page.keyboard.type("getTenantDevices lists")
    expect(page.locator("#list button").first).to_contain_text("getTenantDevices")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#operation h3")).to_have_text("getTenantDevices")
    page.locator("#list button").last.focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "submit":
            break
    page.keyboard.press("Enter")
    expect(page.locator("#operation [role=status]")).to_contain_text("Status 200")
    expect(page.locator("#operation pre")).to_contain_text("a boiler")


def finds_operations(page):
    search(page, "")
    expect(page.locator("#found")).to_contain_text("the first 50 are shown")
    search(page, "save device")
    page.locator("#list button[data-id=saveDevice]").click()
    expect(page.locator("#operation")).to_contain_text("POST /api/device")
    page.locator("#operation details summary", has_text="Device").first.click()
    expect(page.locator("#operation details dl").first).to_contain_text("deviceProfileId")
    expect(page.locator("#operation button")).to_have_count(0)


def listens_again(page):
    """The stream is no stream, after which a browser gives up; then silent, for which it waits; then as it should be."""
    asked = []

    def answer(route):
        asked.append(route)
        if len(asked) == 1:
            route.fulfill(status=204)
        elif len(asked) > 2:
            route.continue_()

    page.clock.install()
    page.route("**/-/events", answer)
    with page.expect_request("**/-/events"):
        page.reload()
    expect(page.locator("#connection")).to_have_text("No connection")
    for _ in ("to a silent one", "to a good one"):
        with page.expect_request("**/-/events"):
            page.clock.run_for(6000)
    expect(page.locator("#connection")).to_have_text("Live")


def shows_cause_and_remedy(page):
    expect(page.locator("#state")).to_have_attribute("data-state", "unreachable", timeout=PATIENCE_MS)
    expect(page.locator("#cause")).to_contain_text("refused")
    expect(page.locator("#remedy")).to_contain_text("upstream.url")
    expect(page.locator("#next-try")).to_contain_text("next try in")


def main():
    url, folder, walk_name = sys.argv[1:]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        walk = Walk(browser, url, pathlib.Path(folder))
        if walk_name == "outage":
            walk.step("shows cause and remedy", shows_cause_and_remedy, **DESKTOP)
        else:
            walk.step("shows what is", shows_what_is, **DESKTOP)
            walk.step("sends a read by keyboard", sends_a_read_by_keyboard, **DESKTOP)
            walk.step("finds operations", finds_operations, **PHONE)
            walk.step("listens again", listens_again, **DESKTOP)
            walk.accessible("axe on a light desktop", color_scheme="light", **DESKTOP)
            walk.accessible("axe on a dark desktop", color_scheme="dark", **DESKTOP)
            walk.accessible("axe on a light phone", color_scheme="light", **PHONE)
            walk.accessible("axe on a dark phone", color_scheme="dark", **PHONE)
        browser.close()
    json.dump(walk.results, sys.stdout)


main()
