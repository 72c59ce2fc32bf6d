"""The account page as a browser without scripts sees it: cookies, forms, and what stands between tags."""

import html
import re
from urllib.parse import urlencode

from gateway import secret

PAGE = "/account/"
FORM = "Content-Type: application/x-www-form-urlencoded"
COMMON_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
                               "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}
# Over TLS nobody else may set it (RFC 6265bis), which takes the path of the whole host.
COOKIE = re.compile(r"^((?:__Host-)?\w+)=([\w-]*); Path=(/|/account/); HttpOnly; SameSite=Strict(; Secure)?(; Max-Age=0)?$")


class Visitor:
    """Somebody with a browser. What every page owes its reader is checked on every page."""

    def __init__(self, gateway, secure=False, headers=(), **connection):
        self.gateway = gateway
        self.cookies = {}
        self.secure = secure
        self.headers = list(headers)
        self.connection = connection
        self.page = None
        self.text = ""

    def ask(self, method, path="", body=b"", headers=()):
        """One request; the answer. Does not follow redirections."""
        cookies = [f"Cookie: {'; '.join(f'{name}={value}' for name, value in self.cookies.items())}"]
        with self.gateway.connect(**self.connection) as connection:
            connection.request(method, path if path.startswith("/") else PAGE + path,
                               [*self.headers, *headers, *(cookies if self.cookies else [])], body)
            self.page = connection.answer(to=method)
        for value in self.page.cookies:
            self._take(value)
        if self.page.status not in (303, 400, 431):
            for name, value in COMMON_HEADERS.items():
                assert self.page.headers[name] == value, (name, self.page)
        self.text = self.page.body.decode()
        if self.page.headers["content-type"].startswith("text/html"):
            self._check_html()
        return self.page

    def _take(self, value):
        name, token, path, secure, gone = COOKIE.match(value).groups()
        assert bool(secure) == self.secure == name.startswith("__Host-") == (path == "/")
        if gone:
            self.cookies.pop(name, None)
        else:
            assert len(token) == 32
            self.cookies[name] = token

    def _check_html(self):
        assert "{{" not in self.text and "}}" not in self.text
        assert not re.search(r"\s(style|on\w+)=|javascript:|<style|<script(?! src=\"/account/page.js\" defer></script>)",
                             self.text)
        for address in re.findall(r"(?:href|src|action)=\"([^\"]*)\"", self.text):
            assert address.startswith((PAGE, "#")), address

    def get(self, path=""):
        """As a browser does it: redirections are followed."""
        answer = self.ask("GET", path)
        while answer.status == 303:
            answer = self.ask("GET", answer.headers["location"])
        return answer

    def token(self):
        """Of the forms on the page that is being looked at."""
        tokens = set(re.findall(r"name=\"token\" value=\"(\w{64})\"", self.text))
        assert len(tokens) == 1, tokens
        return tokens.pop()

    def post(self, path, token=None, follow=True, **operands):
        """Sends a form with the token of the page, or with another one."""
        fields = {"token": self.token() if token is None else token, **operands}
        answer = self.ask("POST", path, urlencode(fields).encode(), [FORM])
        return self.get(answer.headers["location"]) if follow and answer.status == 303 else answer

    def log_in(self, login, password):
        self.get()
        return self.post("login", login=login, password=secret(password))

    def generate(self, name, **limits):
        """The key that is shown; None if the page shows none."""
        self.get()
        self.post("keys", name=name, **limits)
        shown = re.search(r"id=\"the-key\"[^>]*>([\w-]{32})<", self.text)
        return secret(shown[1]) if shown else None

    @property
    def words(self):
        """What stands between the tags."""
        return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", self.text)))
