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
    public void The_widest_cells_are_cut_first_and_keep_at_least_eight_characters()
    {
        var table = new TextTable("a", "name").Add("1", "a rather long cell of text").Add("22", "😀😀😀😀😀😀😀😀😀😀😀😀😀");

        table.Cut(16, out var cut).ReplaceLineEndings("\n").Should().Be(
            """
            a   name
            --  ------------
            1   a rather lo…
            22  😀😀😀😀😀…

            """);
        cut.Should().BeTrue();
        table.Cut(100, out cut).Should().Be(table.ToString());
        cut.Should().BeFalse();
        table.Cut(3, out _).Should().Contain("a rathe…");
    }

    [Fact]
    public void A_table_wider_than_a_line_is_split_into_parts_that_repeat_the_key_columns()
    {
        var table = new TextTable("arm", "n", "fid", "is", "recall").Add("a", "2", "11.2", "4.5", "0.1").Add("b", "2", "9.8", "4.7", "0.2");

        table.Folded(2, 20).ReplaceLineEndings("\n").Should().Be(
            """
            arm  n  fid   is
            ---  -  ----  ---
            a    2  11.2  4.5
            b    2  9.8   4.7

            arm  n  recall
            ---  -  ------
            a    2  0.1
            b    2  0.2

            """);
        table.Folded(2, 80).Should().Be(table.ToString());
        table.Folded(2, 1).Split("arm").Should().HaveCount(4, "every part has at least one further column, however wide");
    }

    [Fact]
    public void Control_characters_of_stored_text_do_not_reach_the_terminal() =>
        new TextTable("a").Add("red\u001b[31m\nline").ToString().Should().NotContain("\u001b").And.Contain("red [31m line");

    [Fact]
    public void A_row_with_the_wrong_number_of_cells_throws() =>
        new TextTable("a", "b").Invoking(table => table.Add("only one")).Should().Throw<ArgumentException>();
}
