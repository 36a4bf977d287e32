/*
 * Runs first: checks whether this browser can show the study. Written for browsers of 2010, which have no modules; it uses
 * the study's own words if they can be loaded.
 */
(function () {
	'use strict';
	var root = document.documentElement;
	var tag = document.createElement('script');
	var parts = [
		'noModule' in tag,
		window.fetch,
		window.AbortController,
		Array.prototype.findLast,
		String.prototype.replaceAll,
		Element.prototype.replaceChildren,
		window.HTMLDialogElement && HTMLDialogElement.prototype.showModal,
		window.CSS && CSS.supports && CSS.supports('selector(:has(a))'),
	];
	var isOld = !parts.every(Boolean);

	function say(words, heading, text) {
		var main = document.getElementById('main');
		var head = main.getElementsByTagName('h1')[0];
		var line = document.createElement('p');
		head.dir = line.dir = 'auto';
		head.textContent = words[heading];
		line.textContent = words[text];
		main.appendChild(line);
	}

	function tell(heading, text, english) {
		var request = new XMLHttpRequest();
		root.setAttribute('data-browser', 'old');
		request.onload = function () {
			var study = null;
			try {
				study = JSON.parse(request.responseText);
				root.lang = study.language;
				document.getElementById('title').textContent = study.title;
			} catch (error) {
				study = null;
			}
			say((study && study.words) || english, heading, text);
		};
		request.onerror = function () {
			say(english, heading, text);
		};
		request.open('GET', 'api/study');
		request.send();
	}

	function tellOld() {
		tell('old_heading', 'old_text', {
			old_heading: 'Please use a newer browser',
			old_text: 'This study needs a newer browser. Please open the same link in an up-to-date Firefox, Chrome, Edge or Safari.',
		});
	}

	// A syntax error means that the browser is too old; a file that failed to load does not.
	window.addEventListener('error', function (event) {
		if (!isOld && /SyntaxError/.test(event.message) && !root.hasAttribute('data-browser')) {
			isOld = true;
			tellOld();
		}
	});
	window.addEventListener('load', function () {
		if (root.hasAttribute('data-browser')) return;
		tell('unreachable_heading', 'unreachable_text', {
			unreachable_heading: 'No connection',
			unreachable_text: 'The server of this study cannot be reached. Please check your connection and load the page again.',
		});
	});
	if (isOld) tellOld();
})();
