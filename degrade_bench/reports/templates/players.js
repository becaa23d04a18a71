/* Players: versions of one excerpt that switch at the same place without a gap. */
(() => {
  const cleans = [...document.querySelectorAll("audio[data-clean]")]; // one for each bit rate
  const Context = window.AudioContext || window.webkitAudioContext;
  if (!Context) return;
  const FADE = 0.01; // seconds
  let context = null, playing = null;

  const bytes = (audio) => Uint8Array.from(atob(audio.src.split(",")[1]), (c) => c.charCodeAt(0)).buffer;
  const button = (text, title) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    if (title) made.title = title;
    return made;
  };

  class Player {
    constructor(figure) {
      this.figure = figure;
      const audios = [...figure.querySelectorAll("audio")];
      if (audios[0].dataset.label !== "clean") {
        audios.unshift(cleans.find((audio) => audio.dataset.clean === figure.dataset.kbps) || cleans[0]);
      }
      this.versions = audios.map((audio, k) => ({ audio, label: k ? audio.dataset.label : "clean", buffer: null }));
      const panels = figure.querySelector(".panels");
      const spans = panels ? JSON.parse(panels.dataset.spans) : [];
      if (spans.length === audios.length) Object.assign(this, { panels, spans }); // where versions are in the picture
      this.at = 0; // seconds into the excerpt, while nothing plays
      this.chosen = 0;
      this.last = Math.max(1, this.versions.findLastIndex((version) => version.label.startsWith("level"))); // but for clean
      this.blind = null;
      this.build();
    }

    build() {
      this.play = button("▶ play");
      this.play.addEventListener("click", () => (this.source ? this.stop() : this.start()));
      this.choices = document.createElement("span");
      this.choices.className = "choices";
      const labels = this.panels ? [...this.panels.querySelectorAll(".label")] : null;
      this.buttons = this.versions.map((version, k) => {
        const made = button(""), number = document.createElement("kbd");
        number.textContent = k + 1;
        made.append(number, " ", ...(labels ? labels[k].childNodes : [version.label]));
        made.addEventListener("click", () => this.choose(k));
        (labels ? labels[k] : this.choices).append(made);
        return made;
      });
      if (this.panels) this.show();
      this.seek = document.createElement("input");
      Object.assign(this.seek, { type: "range", min: 0, max: 1000, value: 0 });
      this.seek.setAttribute("aria-label", "position in the excerpt");
      this.seek.addEventListener("input", () => this.move(Number(this.seek.value) / 1000 * this.length));
      this.test = button("blind", "play two versions as A and B, without saying which is which");
      this.test.addEventListener("click", () => (this.blind ? this.reveal() : this.hide()));
      this.said = document.createElement("span");
      this.said.setAttribute("role", "status");
      const row = document.createElement("div");
      row.className = "switcher";
      row.append(this.play, this.choices, this.seek, this.test, this.said);
      this.figure.append(row);
      this.figure.classList.add("is-switched");
      this.figure.addEventListener("keydown", (event) => this.key(event));
      this.mark();
    }

    show() { // where the excerpt is, in the picture, which is pressed to go there
      const strip = this.panels.querySelector(".strip");
      this.head = document.createElement("span");
      this.head.className = "playhead";
      strip.append(this.head);
      strip.addEventListener("click", (event) => {
        if (this.blind) return;
        const box = strip.getBoundingClientRect(), x = (event.clientX - box.left) / box.width;
        const k = Math.min(this.spans.length - 1, Math.floor(x * this.spans.length));
        const [begins, ends] = this.spans[k];
        this.chosen = k;
        this.last = k || this.last;
        this.move(Math.min(1, Math.max(0, (x - begins) / (ends - begins))) * this.length);
      });
    }

    get length() { return this.versions[this.chosen].buffer?.duration || this.versions[this.chosen].audio.duration || 5; }

    get position() {
      if (!this.source) return this.at;
      return Math.min(this.length, this.began + context.currentTime - this.since);
    }

    async ready() {
      context = context || new Context();
      await context.resume();
      await Promise.all(this.versions.map(async (version) => {
        version.buffer = version.buffer || await context.decodeAudioData(bytes(version.audio));
      }));
    }

    async start() {
      await this.ready();
      if (playing && playing !== this) playing.stop();
      playing = this;
      if (this.at >= this.length - 0.05) this.at = 0;
      this.sound(this.at);
      this.tick();
    }

    sound(at) { // from now on the chosen version, from a place in the excerpt
      const now = context.currentTime, last = this.source, gain = context.createGain();
      const source = context.createBufferSource();
      source.buffer = this.versions[this.chosen].buffer;
      source.connect(gain).connect(context.destination);
      gain.gain.setValueAtTime(0, now);
      gain.gain.linearRampToValueAtTime(1, now + FADE);
      source.start(now, Math.min(at, source.buffer.duration));
      source.onended = () => { if (this.source === source) { this.at = 0; this.end(); } };
      if (last) {
        this.gain.gain.setValueAtTime(1, now);
        this.gain.gain.linearRampToValueAtTime(0, now + FADE);
        last.stop(now + FADE);
      }
      Object.assign(this, { source, gain, began: at, since: now });
      this.mark();
    }

    stop() {
      const at = this.position;
      const source = this.source;
      this.end();
      this.at = at;
      if (source) source.stop();
      this.mark();
    }

    end() {
      this.source = null;
      if (playing === this) playing = null;
      this.mark();
    }

    choose(k) {
      if (k >= this.versions.length) return;
      const at = this.position;
      this.chosen = k;
      if (!this.blind) this.last = k || this.last;
      if (this.source) this.sound(at); else this.mark();
    }

    move(at) {
      this.at = at;
      if (this.source) this.sound(at); else this.mark();
    }

    hide() { // a pair in random order
      if (this.versions.length < 2) return;
      const other = this.chosen || this.last;
      const pair = Math.random() < 0.5 ? [0, other] : [other, 0];
      this.blind = { pair };
      this.buttons.forEach((made) => { made.hidden = true; });
      this.pair = pair.map((k, place) => {
        const made = button("AB"[place]);
        made.addEventListener("click", () => this.choose(k));
        this.choices.append(made);
        return made;
      });
      this.said.textContent = "";
      this.test.textContent = "say which is which";
      this.choose(pair[0]);
    }

    reveal() {
      const [a, b] = this.blind.pair.map((k) => this.versions[k].label);
      this.said.textContent = `A was ${a}, B was ${b}.`;
      this.pair.forEach((made) => made.remove());
      this.buttons.forEach((made) => { made.hidden = false; });
      this.blind = null;
      this.test.textContent = "blind";
      this.mark();
    }

    key(event) {
      if (event.target.matches("input") && event.key.startsWith("Arrow")) return;
      const number = Number(event.key);
      if (event.key === " " && event.target === this.figure) {
        event.preventDefault();
        this.play.click();
      } else if (number >= 1) {
        this.choose(this.blind ? this.blind.pair[number - 1] ?? this.chosen : number - 1);
      }
    }

    mark() {
      this.play.textContent = this.source ? "■ stop" : "▶ play";
      this.buttons.forEach((made, k) => made.setAttribute("aria-pressed", String(k === this.chosen)));
      if (this.blind) this.pair.forEach((made, k) => made.setAttribute("aria-pressed", String(this.blind.pair[k] === this.chosen)));
      const at = this.position;
      this.seek.value = Math.round(1000 * at / this.length);
      this.figure.dataset.at = at.toFixed(3);
      this.figure.dataset.version = this.blind ? "" : this.versions[this.chosen].label;
      if (this.head) {
        const [begins, ends] = this.spans[this.chosen];
        this.head.hidden = Boolean(this.blind);
        this.head.style.left = `${100 * (begins + (ends - begins) * Math.min(1, at / this.length))}%`;
      }
    }

    tick() {
      if (!this.source) return;
      this.mark();
      requestAnimationFrame(() => this.tick());
    }
  }

  document.querySelectorAll("[data-player]").forEach((figure) => new Player(figure));
  document.querySelectorAll(".plain-player").forEach((figure) => { figure.hidden = true; });
  document.querySelectorAll(".switching").forEach((told) => { told.hidden = false; });
})();
