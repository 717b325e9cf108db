"""``lint --fix``: a patch that adds or corrects tags in the source. Files are never changed by us."""

from terraform_lint.fix.proposing import Proposal, propose

__all__ = ["Proposal", "propose"]
