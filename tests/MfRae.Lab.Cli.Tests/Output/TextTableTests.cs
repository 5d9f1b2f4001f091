using MfRae.Lab.Cli.Output;

namespace MfRae.Lab.Cli.Tests.Output;

public sealed class TextTableTests
{
    [Fact]
    public void Columns_are_as_wide_as_their_widest_cell() =>
        new TextTable("a", "name").Add("long cell", "x").Add("y", "z").ToString().ReplaceLineEndings("\n").Should().Be(
            """
            a          name
            ---------  ----
            long cell  x
            y          z

            """);

    [Fact]
    public void Control_characters_of_stored_text_do_not_reach_the_terminal() =>
        new TextTable("a").Add("red\u001b[31m\nline").ToString().Should().NotContain("\u001b").And.Contain("red [31m line");

    [Fact]
    public void A_row_of_another_width_is_a_mistake() =>
        new TextTable("a", "b").Invoking(table => table.Add("only one")).Should().Throw<ArgumentException>();
}
