"""What a study hands to people: one self-contained page, figures and JSON files, written whole or not at all.

``budgetsim.report.page.render`` turns plain data into the page. Importing this package draws nothing and loads nothing.
"""
