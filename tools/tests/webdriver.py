# SPDX-License-Identifier: GPL-2.0
"""A browser without a window, through the W3C WebDriver protocol of chromedriver."""
import base64
import contextlib
import json
import re
import struct
import subprocess
import urllib.request
import zlib

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"Enter": "\ue007", "PageDown": "\ue00f", "End": "\ue010", "Home": "\ue011",
        "ArrowUp": "\ue013", "ArrowDown": "\ue015"}


class Browser:
    def __init__(self, url):
        self.url = url
        wanted = {
            "goog:chromeOptions": {"args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--force-device-scale-factor=1", "--window-size=1200,900"]},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        session = self.call("session", {"capabilities": {"alwaysMatch": wanted}})
        self.url += "/session/" + session["sessionId"]

    def call(self, command, body=None, method=None):
        # The driver does not use what a proxy is set for.
        request = urllib.request.Request(
            self.url + ("/" + command if command else ""),
            method=method or ("POST" if body is not None else "GET"),
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError("%s: %s" % (command, json.load(error)["value"]["message"])) from None

    def open(self, file):
        self.call("url", {"url": "file://" + file})
        self.settle()

    def script(self, text, *arguments):
        return self.call("execute/sync", {"script": text, "args": list(arguments)})

    def settle(self):
        """Waits until what has changed is drawn: for the frame after the next one."""
        self.call("execute/async", {"script": "const done = arguments[0]; requestAnimationFrame("
                                              "() => requestAnimationFrame(() => done()))", "args": []})

    def find(self, selector):
        return self.call("element", {"using": "css selector", "value": selector})[ELEMENT]

    def text(self, selector):
        return self.script("return document.querySelector(arguments[0]).textContent", selector)

    def click(self, selector):
        self.call("element/%s/click" % self.find(selector), {})
        self.settle()

    def type(self, selector, text, clear=False):
        element = self.find(selector)
        if clear:
            self.script("const e = document.querySelector(arguments[0]); e.value = '';"
                        "e.dispatchEvent(new Event('input'))", selector)
        self.call("element/%s/value" % element, {"text": text})
        self.settle()

    def point(self, selector, x, y, kind="move", delta=0):
        """Moves the pointer to a point of an element, and there clicks or turns the wheel."""
        box = self.script("const b = document.querySelector(arguments[0]).getBoundingClientRect();"
                          "return [b.left, b.top]", selector)
        # An element is drawn from the nearest pixel on.
        x, y = round(box[0]) + int(x), round(box[1]) + int(y)
        actions = [{"type": "pointerMove", "duration": 0, "x": x, "y": y}]
        if kind in ("click", "double"):
            actions += [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}] * \
                (2 if kind == "double" else 1)
        sources = [{"type": "pointer", "id": "mouse", "actions": actions}]
        if kind == "wheel":
            sources = [{"type": "wheel", "id": "wheel", "actions": [
                {"type": "scroll", "x": x, "y": y, "deltaX": 0, "deltaY": delta, "duration": 0}]}]
        self.call("actions", {"actions": sources})
        self.settle()

    def devtools(self, command, **parameters):
        result = self.call("goog/cdp/execute", {"cmd": command, "params": parameters})
        self.settle()
        return result

    def log(self, kind="browser"):
        return self.call("se/log", {"type": kind})

    def pixels(self, selector):
        """The rows of an element on the screen, as lists of (red, green, blue)"""
        return decode_png(base64.b64decode(self.call("element/%s/screenshot" % self.find(selector))))


def decode_png(data):
    """8 bits for each channel, not interlaced"""
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, at + 8)
            assert (depth, interlaced) == (8, 0) and colour in (2, 6)
        elif kind == b"IDAT":
            packed += data[at + 8:at + 8 + size]
        at += size + 12
    channels = 3 if colour == 2 else 4
    raw, stride, rows = zlib.decompress(packed), width * channels, []
    last = bytearray(stride)
    for y in range(height):
        kind, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride):
            left = line[x - channels] if x >= channels else 0
            up, corner = last[x], last[x - channels] if x >= channels else 0
            if kind == 1:
                line[x] = line[x] + left & 255
            elif kind == 2:
                line[x] = line[x] + up & 255
            elif kind == 3:
                line[x] = line[x] + (left + up) // 2 & 255
            elif kind == 4:
                guess = left + up - corner
                best = min((abs(guess - v), i, v) for i, v in enumerate((left, up, corner)))[2]
                line[x] = line[x] + best & 255
        rows.append([tuple(line[x:x + 3]) for x in range(0, stride, channels)])
        last = line
    return rows


def start():
    """The driver, and its port. It looks for a free one for IPv4, which IPv6 can have in use."""
    while True:
        driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        said = ""
        for line in driver.stdout:
            said += line
            ready = re.search(r"successfully on port (\d+)", line)
            if ready:
                return driver, int(ready[1])
        driver.wait()
        if "Address already in use" not in said:
            raise AssertionError("chromedriver does not start: " + said)


@contextlib.contextmanager
def browser():
    driver, port = start()
    try:
        running = Browser("http://127.0.0.1:%d" % port)
        yield running
        running.call("", method="DELETE")
    finally:
        driver.terminate()
        driver.wait()
        driver.stdout.close()
