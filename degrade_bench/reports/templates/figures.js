/* Figures: open at full width; curves say the value of the point that is pointed at or reached by arrow keys. */
(() => {
  const NEAR = 28; // dots of the screen between a pointer and the point that it means
  const made = (tag, properties = {}, ...inside) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...inside);
    return element;
  };

  class Curves {
    static shown = null;

    constructor(plot, { metrics, levels, points }) {
      this.plot = plot;
      this.points = points.map(([metric, level, y, drop, placebo]) => {
        const [damage, strength, x] = levels[level];
        const words = `${damage}, ${metrics[metric]}, ${strength}: drop ${drop}${placebo ? `; placebo ${placebo}` : ""}`;
        return { metric, level, x, y, words };
      });
      this.at = 0;
      this.ring = made("span", { className: "ring", hidden: true });
      this.said = made("span", { className: "value" });
      this.said.setAttribute("role", "status");
      this.keys = made("div", { className: "keys", tabIndex: 0 });
      this.keys.setAttribute("role", "application");
      this.keys.setAttribute("aria-label", "values of the curves: arrow keys go from point to point, up and down between metrics");
      plot.append(this.keys, this.ring, this.said);
      this.keys.addEventListener("focus", () => this.show(this.at));
      this.keys.addEventListener("blur", () => this.hide());
      this.keys.addEventListener("keydown", (event) => this.key(event));
      plot.addEventListener("pointermove", (event) => this.point(event));
      plot.addEventListener("pointerdown", (event) => this.point(event));
      plot.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") this.hide(); });
    }

    point(event) {
      const box = this.plot.getBoundingClientRect();
      const away = this.points.map(({ x, y }) =>
        Math.hypot(box.left + x * box.width - event.clientX, box.top + y * box.height - event.clientY));
      const nearest = away.indexOf(Math.min(...away));
      if (away[nearest] <= NEAR) this.show(nearest); else this.hide();
    }

    show(at) {
      if (Curves.shown && Curves.shown !== this) Curves.shown.hide();
      Curves.shown = this;
      this.at = at;
      const { x, y, words } = this.points[at];
      if (this.said.textContent !== words) this.said.textContent = words;
      this.ring.hidden = false;
      Object.assign(this.ring.style, { left: `${100 * x}%`, top: `${100 * y}%` });
      const paper = this.plot.parentElement, wide = this.said.offsetWidth, tall = this.said.offsetHeight;
      const last = paper.scrollLeft + paper.clientWidth - wide - 2 * this.plot.offsetLeft;
      const left = Math.max(Math.min(x * this.plot.offsetWidth - wide / 2, last), paper.scrollLeft);
      const place = y * this.plot.offsetHeight, over = place - tall - 12;
      Object.assign(this.said.style, { left: `${left}px`, top: `${over < 0 ? place + 12 : over}px` });
    }

    hide() {
      this.ring.hidden = true;
      this.said.textContent = "";
    }

    key(event) {
      const { metric, level } = this.points[this.at], last = this.points.length - 1;
      const turn = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      let to = { ArrowLeft: this.at - 1, ArrowRight: this.at + 1, Home: 0, End: last }[event.key];
      if (turn) to = this.points.findIndex((one) => one.level === level && one.metric === metric + turn);
      if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      this.show(to < 0 || to > last ? this.at : to);
      this.ring.scrollIntoView({ block: "nearest", inline: "nearest" });
      this.show(this.at); // beside where the figure now is
    }
  }

  document.addEventListener("keydown", (event) => { if (event.key === "Escape") Curves.shown?.hide(); });

  const large = made("div", { className: "paper" });
  const close = made("button", { type: "button", textContent: "Close" });
  const dialog = made("dialog", { className: "enlarged" }, close, large);
  let home = null;
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    home.append(large.firstElementChild);
    home.style.minHeight = "";
  });
  document.body.append(dialog);

  document.querySelectorAll(".paper > img").forEach((image) => {
    const figure = image.closest("figure"), paper = image.parentElement;
    const plot = made("div", { className: "plot" });
    plot.style.minWidth = image.style.minWidth;
    image.style.minWidth = "";
    image.before(plot);
    plot.append(image);
    const told = figure.querySelector("script");
    if (told) new Curves(plot, JSON.parse(told.textContent));
    const enlarge = made("button", { type: "button", textContent: "Enlarge" });
    enlarge.addEventListener("click", () => {
      home = paper;
      paper.style.minHeight = `${paper.offsetHeight}px`; // the page behind stays where it is
      large.append(plot);
      dialog.setAttribute("aria-label", image.alt);
      dialog.showModal();
    });
    figure.querySelector(".downloads").prepend(enlarge, " ");
  });
})();
