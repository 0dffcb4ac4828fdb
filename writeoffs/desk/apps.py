"""Home, inbox, periods, commands: everything that stands above the rooms."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "writeoffs.desk"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import refs
        from writeoffs.desk import closing, packs, tie_checks
        from writeoffs.ledger import periods
        from writeoffs.ledger.packs import PackMaker, register_maker

        periods.register_checker(closing.checks)
        periods.register_checker(tie_checks.checks)
        register_maker(PackMaker(papers=packs.papers, after=packs.print_later))
        packs.register_jobs()
        refs.register("tie-out", tie_checks.tie_out_url)
