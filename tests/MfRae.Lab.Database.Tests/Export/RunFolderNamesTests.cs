using System.Text.RegularExpressions;
using MfRae.Lab.Database.Export;

namespace MfRae.Lab.Database.Tests.Export;

public sealed class RunFolderNamesTests
{
    private static readonly string[] Hostile =
    [
        "../x", "..\\x", "/etc/passwd", "C:\\x", "", ".", "..", ".hidden", "con", "NUL.txt", "a b", "a_b", "A_B", "a\0b", "a\u202eb", "é",
        "<img src=x onerror=alert(1)>", "{{ 1 }}", new string('x', 5000), new string('x', 5001), "trailing.", "x:y",
    ];

    [Fact]
    public void A_plain_name_stays_and_hostile_names_become_distinct_plain_names()
    {
        var names = new RunFolderNames();
        names.Of("lambda=0.5", 3, new string('a', 64)).Should().Be("lambda=0.5-seed3");

        var made = Hostile.Select((arm, i) => names.Of(arm, 0, $"{i:x2}{new string('0', 62)}")).ToList();

        made.Should().OnlyHaveUniqueItems(name => name.ToUpperInvariant());
        made.Should().OnlyContain(name => Regex.IsMatch(name, @"\A[A-Za-z0-9_=-][A-Za-z0-9._=-]{0,170}\z"));
        made.Should().NotContain(name => Regex.IsMatch(name, @"\A(con|nul)(\.|-|\z)", RegexOptions.IgnoreCase) && !name.StartsWith('_')
            && !name.StartsWith("con-", StringComparison.Ordinal));
    }

    [Fact]
    public void Runs_with_equal_names_and_first_digits_have_separate_folders()
    {
        var names = new RunFolderNames();

        string[] made = [.. new[] { "0", "1", "2" }.Select(last => names.Of("x/y", 0, new string('0', 63) + last))];

        made.Should().OnlyHaveUniqueItems();
    }
}
