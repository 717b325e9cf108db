Feature: Every taggable resource names its tenant

  Scenario: an AWS tag is there, be it by default tags
    Given I have resource that supports tags_all defined
    Then it must contain tags_all
    And it must contain tenant

  Scenario: an AWS tag names a tenant
    Given I have resource that supports tags_all defined
    When it has tenant
    Then it must contain tags_all
    And it must contain tenant
    And its value must match the "^[a-z0-9][a-z0-9-]*$" regex

  Scenario: another tag is there
    Given I have resource that supports tags defined
    When its type metadata does not contain "^(aws|google)_" regex
    Then it must contain tags
    And it must contain tenant

  Scenario: another tag names a tenant
    Given I have resource that supports tags defined
    When its type metadata does not contain "^(aws|google)_" regex
    When it has tenant
    Then it must contain tags
    And it must contain tenant
    And its value must match the "^[a-z0-9][a-z0-9-]*$" regex

  Scenario: a label is there, be it by default labels
    Given I have resource that supports effective_labels defined
    Then it must contain effective_labels
    And it must contain tenant

  Scenario: a label names a tenant
    Given I have resource that supports effective_labels defined
    When it has tenant
    Then it must contain effective_labels
    And it must contain tenant
    And its value must match the "^[a-z0-9][a-z0-9-]*$" regex
