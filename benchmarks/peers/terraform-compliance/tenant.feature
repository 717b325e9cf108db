Feature: Every taggable resource names its tenant

  Scenario: the tag is there
    Given I have resource that supports tags defined
    When its type metadata does not contain "^google_" regex
    Then it must contain tags
    And it must contain tenant

  Scenario: the tag names a tenant
    Given I have resource that supports tags defined
    When its type metadata does not contain "^google_" regex
    When it has tags
    When it has tenant
    Then its value must match the "^[a-z0-9][a-z0-9-]*$" regex

  Scenario: the label is there
    Given I have resource that supports labels defined
    Then it must contain labels
    And it must contain tenant

  Scenario: the label names a tenant
    Given I have resource that supports labels defined
    When it has labels
    When it has tenant
    Then its value must match the "^[a-z0-9][a-z0-9-]*$" regex
