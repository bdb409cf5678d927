"""A notebook becomes pages.

definition + raw parameters -> Plan -> supervised run -> executed notebook -> HTML, PDF ->
publication.
"""
