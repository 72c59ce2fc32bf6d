// Puts a button for copying beside whatever says data-copy. All else works without this file.
"use strict";

(() => {
	const copy = async (text) => {
		if (navigator.clipboard && window.isSecureContext) {
			await navigator.clipboard.writeText(text);
			return;
		}
		// Over plain HTTP there is only the old way.
		const area = document.createElement("textarea");
		area.value = text;
		area.setAttribute("readonly", "");
		area.className = "hidden";
		document.body.append(area);
		area.select();
		const done = document.execCommand("copy");
		area.remove();
		if (!done) throw new Error("not allowed");
	};

	const said = document.createElement("p");
	said.className = "hidden";
	said.setAttribute("role", "status");
	document.body.append(said);

	for (const source of document.querySelectorAll("[data-copy]")) {
		const button = document.createElement("button");
		button.type = "button";
		button.className = "copy";
		button.textContent = "Copy";
		button.setAttribute("aria-label", `Copy the ${source.dataset.copy}`);
		button.addEventListener("click", async () => {
			let word = "Copied";
			try {
				await copy(source.textContent);
			} catch {
				word = "Select and copy it by hand";
			}
			button.textContent = word;
			said.textContent = word;
			setTimeout(() => { button.textContent = "Copy"; }, 3000);
		});
		source.after(button);
	}
})();
