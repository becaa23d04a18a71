/* Tables: sort by a column, keep rows that match, take away metrics and groups, download as CSV or LaTeX; figures as
   SVG or PNG. What was chosen stands in the address behind "#…;", so that a link keeps it. */
(() => {
  const state = { find: "", verdict: "", hide: new Set() };
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const made = (tag, properties = {}, ...inside) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...inside);
    return element;
  };
  const words = (cell) => cell.innerText.replace(/\s+/g, " ").trim();
  const numeric = (text) => {
    const found = text.replace(/\u2212/g, "-").replace(/,(?=\d{3})/g, "").match(/-?\d+(\.\d+)?( × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?/);
    if (!found) return NaN;
    const power = [...(found[3] || "")].map((sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(sign)).map((at) => (at ? at - 1 : "-")).join("");
    return Number(`${found[0].split(" ")[0]}e${power || 0}`);
  };

  function sortable(table) {
    const heads = all("thead th", table);
    heads.forEach((head, column) => {
      const press = made("button", { type: "button", className: "sort", title: "sort by this column" });
      press.append(...head.childNodes);
      head.append(press);
      press.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((one) => one.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        all("tbody", table).forEach((body) => {
          const rows = all(":scope > tr", body).map((row, place) => {
            const text = row.cells[column] ? words(row.cells[column]) : "";
            return { row, place, text, number: head.classList.contains("text") ? NaN : numeric(text) };
          });
          rows.sort((a, b) => {
            const both = !Number.isNaN(a.number) && !Number.isNaN(b.number);
            const order = both ? a.number - b.number : a.text.localeCompare(b.text);
            return (down ? -order : order) || a.place - b.place;
          });
          body.append(...rows.map((one) => one.row));
        });
      });
    });
  }

  const shown = (table) => all("tr", table).filter((row) => row.offsetParent !== null)
    .map((row) => all("th, td", row).filter((cell) => cell.offsetParent !== null).map(words));
  const csv = (rows) => rows.map((row) => row.map((text) => {
    const safe = /^[=+@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  }).join(",")).join("\r\n") + "\r\n";
  const TEX = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}" };
  const tex = (text) => text.replace(/[\\~^&%$#_{}]/g, (sign) => TEX[sign] || `\\${sign}`);
  const latex = (rows) => {
    const lines = rows.map((row) => `${row.map(tex).join(" & ")} \\\\`);
    const columns = "l".repeat(Math.max(...rows.map((row) => row.length)));
    return `\\begin{tabular}{${columns}}\n\\hline\n${lines[0]}\n\\hline\n${lines.slice(1).join("\n")}\n\\hline\n\\end{tabular}\n`;
  };
  function save(name, blob) {
    const link = made("a", { download: name, href: URL.createObjectURL(blob) });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
  const press = (text, action) => {
    const button = made("button", { type: "button", textContent: text });
    button.addEventListener("click", action);
    return button;
  };
  const nameOf = (element, number) => `${element.closest("section").id}_${number + 1}`;

  all("main table").forEach((table, number) => {
    if (!table.matches(".profile")) sortable(table);
    const name = nameOf(table, number);
    const row = made("p", { className: "downloads" }, "Download: ",
      press("CSV", () => save(`${name}.csv`, new Blob([csv(shown(table))], { type: "text/csv" }))), " ",
      press("LaTeX", () => save(`${name}.tex`, new Blob([latex(shown(table))], { type: "application/x-tex" }))));
    (table.closest(".scroll") || table).after(row);
  });
  all(".paper img").forEach((image, number) => {
    const name = image.dataset.name || nameOf(image, number);
    const draw = () => {
      const scale = 2, canvas = made("canvas", { width: scale * image.naturalWidth, height: scale * image.naturalHeight });
      const pen = canvas.getContext("2d");
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => save(`${name}.png`, blob));
    };
    const svg = () => save(`${name}.svg`, new Blob([Uint8Array.from(atob(image.src.split(",")[1]), (c) => c.charCodeAt(0))], { type: "image/svg+xml" }));
    image.closest("figure").querySelector(".downloads").prepend("Download: ", press("SVG", svg), " ", press("PNG", draw), " ");
  });

  const bar = document.querySelector(".choose");
  if (bar) {
    bar.hidden = false;
    const find = bar.querySelector("input[type=search]"), verdict = bar.querySelector("select");
    const boxes = all("input[type=checkbox]", bar);
    const apply = () => {
      const wanted = state.find.toLowerCase();
      all("[data-row]").forEach((row) => {
        const text = row.dataset.row.toLowerCase();
        row.hidden = !text.includes(wanted) || (state.verdict && row.dataset.verdict !== undefined && row.dataset.verdict !== state.verdict)
          || (row.dataset.group !== undefined && state.hide.has(row.dataset.group));
      });
      all("[data-metric]").forEach((part) => { part.hidden = state.hide.has(part.dataset.metric); });
      const narrowed = Boolean(wanted || state.verdict);
      if (narrowed !== apply.narrowed) all("details.metric, details.heard").forEach((part) => { part.open = narrowed; });
      apply.narrowed = narrowed;
      all("details.heard").forEach((part) => { part.hidden = !part.querySelector("figure:not([hidden])"); });
      find.value = state.find;
      verdict.value = state.verdict;
      boxes.forEach((box) => { box.checked = !state.hide.has(box.value); });
      if (state.hide.size) bar.querySelector("details").open = true; // what is not shown is seen at once
      const count = all("tr[data-row][data-verdict]").filter((row) => !row.hidden && !row.closest("[hidden]")).length;
      bar.querySelector("[role=status]").textContent = `${count} verdict${count === 1 ? "" : "s"}`;
    };
    const keep = () => {
      const parts = new URLSearchParams();
      if (state.find) parts.set("find", state.find);
      if (state.verdict) parts.set("verdict", state.verdict);
      state.hide.forEach((one) => parts.append("hide", one));
      const place = location.hash.slice(1).split(";")[0];
      history.replaceState(null, "", `#${place};${parts}`);
      apply();
    };
    const read = () => {
      const [place, rest] = location.hash.slice(1).split(";");
      if (rest !== undefined) {
        const parts = new URLSearchParams(rest);
        state.find = parts.get("find") || "";
        state.verdict = parts.get("verdict") || "";
        state.hide = new Set(parts.getAll("hide"));
      }
      apply();
      document.getElementById(place)?.scrollIntoView();
    };
    find.addEventListener("input", () => { state.find = find.value; keep(); });
    verdict.addEventListener("change", () => { state.verdict = verdict.value; keep(); });
    boxes.forEach((box) => box.addEventListener("change", () => {
      if (box.checked) state.hide.delete(box.value); else state.hide.add(box.value);
      keep();
    }));
    all("nav a").forEach((link) => link.addEventListener("click", (event) => {
      event.preventDefault();
      const rest = location.hash.split(";")[1];
      history.pushState(null, "", `${link.getAttribute("href")}${rest === undefined ? "" : `;${rest}`}`);
      document.getElementById(link.getAttribute("href").slice(1)).scrollIntoView();
    }));
    apply.narrowed = false;
    window.addEventListener("hashchange", read);
    read();
  }
  const reached = new ResizeObserver((entries) => entries.forEach(({ target }) => { // what scrolls, by the keyboard, too
    const scrolls = target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight;
    if (scrolls) target.tabIndex = 0; else target.removeAttribute("tabindex");
  }));
  all(".scroll, .paper, pre").forEach((part) => reached.observe(part));
})();
