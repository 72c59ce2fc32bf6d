"""Chromium without a screen, driven by Selenium: Debian's packages chromium, chromium-driver and python3-selenium."""

import base64
import contextlib
import os
import shutil

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from process import new_folder

PHONE = (375, 812)
NARROW = (320, 640)
DESKTOP = (1280, 900)
PATIENCE_S = 30


@contextlib.contextmanager
def chromium(scripts=True):
    """A browser with a profile of its own, which goes with it. The certificate of a test is nobody's: any will do."""
    profile = new_folder("chromium")
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                     "--no-first-run", "--disable-background-networking", "--ignore-certificate-errors",
                     f"--user-data-dir={profile}"):
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # as root, Chromium does not start with one
    if not scripts:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
    driver.set_page_load_timeout(PATIENCE_S)
    try:
        yield Browser(driver)
    finally:
        driver.quit()
        shutil.rmtree(profile, ignore_errors=True)


class Browser:
    """What the tests do with it."""

    def __init__(self, driver):
        self.driver = driver
        self.size(DESKTOP)

    def size(self, size):
        width, height = size
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 2 if width < 600 else 1, "mobile": width < 600})

    def colours(self, scheme):
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                    {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def open(self, url):
        self.driver.get(url)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def find_all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def wait_for(self, predicate):
        return WebDriverWait(self.driver, PATIENCE_S).until(lambda _: predicate())

    def fill(self, selector, text):
        field = self.find(selector)
        field.clear()
        field.send_keys(text)

    def press(self, selector):
        """Presses what brings another page, and waits for it."""
        before = self.find("html")
        self.find(selector).click()
        self.wait_for(lambda: self.find("html") != before and self.run("return document.readyState") == "complete")

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    @property
    def words(self):
        return self.find("main").text

    def complaints(self):
        """What the browser has said in its console since it was last asked: what the page's policy forbids, too. It
        tells of answers that are errors, which tests ask for."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if "the server responded with a status of" not in entry["message"]]

    def clipboard(self):
        self.driver.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite"]})
        return self.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")

    def screenshot(self, path):
        """The whole page, however long."""
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
        path.write_bytes(base64.b64decode(shot["data"]))
