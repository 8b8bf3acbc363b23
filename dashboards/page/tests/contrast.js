// Which text of a page is too faint, by the formula of WCAG 2.

/** Text whose contrast to what lies below it is less than `LEAST`, with that contrast. */
export function tooFaint(page) {
  return page.evaluate(() => {
    const LEAST = 4.5;
    const numbers = (colour) => {
      const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
      return [r, g, b, a];
    };
    const over = ([r, g, b, a], below) => {
      const mix = (top, bottom) => top * a + bottom * (1 - a);
      return [mix(r, below[0]), mix(g, below[1]), mix(b, below[2]), 1];
    };
    const ground = (element) => {
      if (!element) return [255, 255, 255, 1];
      const own = numbers(getComputedStyle(element).backgroundColor);
      return own[3] === 1 ? own : over(own, ground(element.parentElement));
    };
    const light = (colour) => {
      const [r, g, b] = colour.map((value) => {
        const share = value / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (one, other) => {
      const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
      return (high + 0.05) / (low + 0.05);
    };
    const faint = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      const said = walker.currentNode.textContent.trim();
      if (!said || !element.checkVisibility({ visibilityProperty: true })) continue;
      if (element.matches("script, style, title, option, :disabled")) continue;
      const look = getComputedStyle(element);
      const colour = element.closest("svg") ? look.fill : look.color;
      let opacity = 1;
      for (let one = element; one; one = one.parentElement) {
        opacity *= Number(getComputedStyle(one).opacity);
      }
      const [r, g, b, a] = numbers(colour);
      const below = ground(element);
      const found = contrast(over([r, g, b, a * opacity], below), below);
      if (found < LEAST)
        faint.push(`${said.slice(0, 30)} (${element.tagName}): ${found.toFixed(2)}`);
    }
    return faint;
  });
}
